package scenario

import (
	"fmt"
	"time"
)

// Times of the scenarios. A middlebox forgets after 15 s; the pools meet one that forgets
// after 20 s, because Go programs send keepalive probes every 15 s on their own.
const (
	forgets      = 15 * time.Second
	forgetsPools = 20 * time.Second
	probeEvery   = 5 * time.Second
)

// jitteredDrainDuration is the middle of what the rule jitteredDrain gives.
const jitteredDrainDuration = 20 * time.Second

// Rules, as users write them.
const (
	idleTimeout = `
destinations: {middleware: [redis, mysql, memcached]}
strategy: {idleTimeout: 48h}
`
	drainDuration = `
destinations: {middleware: [redis, mysql, memcached]}
strategy: {idleTimeout: 48h, drainDuration: 12h}
`
	jitteredDrain = `
destinations: {middleware: [redis]}
strategy: {idleTimeout: 48h, drainDuration: 20s, drainJitter: 50}
`
	bypassPorts = `
destinations: {middleware: [redis, mysql, memcached]}
strategy: {bypass: Ports}
`
	bypassCIDRs = `
destinations: {cidrs: [198.18.100.0/24]}
strategy: {bypass: CIDRs}
`
	destinations = `
destinations: {ports: [6379], cidrs: [198.18.100.0/24]}
strategy: {idleTimeout: 48h, scope: Destinations}
`
	mysqlDestinations = `
destinations: {middleware: [mysql], cidrs: [198.18.100.0/24]}
strategy: {idleTimeout: 48h, scope: Destinations}
`
	otherDestinations = `
destinations: {middleware: [memcached], cidrs: [198.18.200.0/24]}
strategy: {idleTimeout: 24h, scope: Destinations}
`
	ipv6Destinations = `
destinations: {middleware: [redis], cidrs: ["2001:db8:100::/48"]}
strategy: {idleTimeout: 48h, scope: Destinations}
`
	startsFirst = `
destinations: {middleware: [redis]}
strategy: {sidecarStartsFirst: true}
`
	stopsLast = `
destinations: {middleware: [redis]}
strategy: {sidecarStopsLast: true}
`
	stopsLastDrain = `
destinations: {middleware: [redis]}
strategy: {sidecarStopsLast: true, drainDuration: 12h}
`
	stopsLastIdle = `
destinations: {middleware: [redis]}
strategy: {sidecarStopsLast: true, idleTimeout: 48h}
`
	gatewayTimeout   = "idleTimeout: 48h"
	gatewayDrain     = "idleTimeout: 48h\ndrainDuration: 12h"
	gatewayStopsLast = "stopsLast: true"
	gatewayKeepalive = `
ports: [6379]
keepalive: {time: 5s, interval: 5s, probes: 3}
`
)

var keepaliveRule = keepaliveEvery(5)

// keepaliveEvery is a rule with that many seconds between probes: another value is another
// object in the mesh.
func keepaliveEvery(seconds int) string {
	return fmt.Sprintf(`
destinations: {middleware: [redis, mysql, memcached]}
strategy: {idleTimeout: 48h, keepalive: {time: 5s, interval: %ds, probes: 3}}
`, seconds)
}

// What these rules must have put on the pod.
var (
	withIdleTimeout   = map[string][]string{"proxy.istio.io/config": {`ISTIO_META_IDLE_TIMEOUT: "48h"`}}
	withDrainDuration = map[string][]string{"proxy.istio.io/config": {`ISTIO_META_IDLE_TIMEOUT: "48h"`, `drainDuration: "43200s"`}}
	withJitteredDrain = map[string][]string{"proxy.istio.io/config": {`drainDuration: "`}}
	withPorts         = map[string][]string{"traffic.sidecar.istio.io/excludeOutboundPorts": {"3306", "6379", "11211"}}
	withCIDRs         = map[string][]string{"traffic.sidecar.istio.io/excludeOutboundIPRanges": {"198.18.100.0/24"}}
	withDestinations  = map[string][]string{"proxy.istio.io/config": {`ISTIO_META_HOLDFAST: "v1"`, `ISTIO_META_HOLDFAST_IDLE_TIMEOUT_MS: "172800000"`}}
	withStartsFirst   = map[string][]string{"proxy.istio.io/config": {"holdApplicationUntilProxyStarts: true"}}
	withStopsLast     = map[string][]string{"proxy.istio.io/config": {`EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"`}}
	withKeepalive     = withKeepaliveEvery(5)
)

func withKeepaliveEvery(seconds int) map[string][]string {
	value := fmt.Sprintf("5s-%ds-3", seconds)
	return map[string][]string{
		"proxy.istio.io/config":  {`ISTIO_META_HOLDFAST_KEEPALIVE: "` + value + `"`, `ISTIO_META_IDLE_TIMEOUT: "48h"`},
		"holdfast.dev/keepalive": {value},
	}
}

// What users have on pods themselves.
var (
	stockIdle          = map[string]string{"proxy.istio.io/config": `{"proxyMetadata": {"ISTIO_META_IDLE_TIMEOUT": "1h"}}`}
	longIdle           = map[string]string{"proxy.istio.io/config": "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"}
	drainsSoon         = map[string]string{"proxy.istio.io/config": "drainDuration: \"10s\"\n"}
	longIdleDrainsSoon = map[string]string{"proxy.istio.io/config": "drainDuration: \"10s\"\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"}
)

// RedisHost is the name of the server inside, where the mesh knows it.
const RedisHost = "redis.lab.example"

// knownAddress makes the server inside a service of the mesh.
var knownAddress = redisEntry("", "MESH_EXTERNAL", "")

// redisEntry is a ServiceEntry for the server inside, with labels of its own and of its endpoint,
// as further keys of mappings.
func redisEntry(labels, location, endpointLabels string) string {
	return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: redis%s}
spec:
  hosts: [%s]
  addresses: [198.18.100.1]
  exportTo: ["."]
  location: %s
  resolution: STATIC
  ports: [{number: 6379, name: tcp-redis, protocol: TCP}]
  endpoints: [{address: 198.18.100.1%s}]
`, labels, RedisHost, location, endpointLabels)
}

// Objects of Istio that users have.
const (
	// tunnelIdle stands for Envoy's hour where a waypoint's next tunnel begins: nothing else sets it there.
	tunnelIdle = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: tunnel}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}]
  configPatches:
  - applyTo: NETWORK_FILTER
    match:
      context: SIDECAR_INBOUND
      listener: {name: connect_originate, filterChain: {filter: {name: envoy.filters.network.tcp_proxy}}}
    patch:
      operation: MERGE
      value:
        name: envoy.filters.network.tcp_proxy
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          idle_timeout: 10s
`
	// knownWildcard takes the port for names of which nobody knows the addresses.
	knownWildcard = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: redis}
spec:
  hosts: ["*.lab.example"]
  exportTo: ["."]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{number: 6379, name: tcp-redis, protocol: TCP}]
`
	// operatorFilter is what people find who ask how to set an idle timeout: it wins over
	// the pod's own annotation.
	operatorFilter = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: idle-timeout}
spec:
  configPatches:
  - applyTo: NETWORK_FILTER
    match:
      context: SIDECAR_OUTBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.tcp_proxy}}}
    patch:
      operation: MERGE
      value:
        name: envoy.filters.network.tcp_proxy
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy
          idle_timeout: 7s
`
	operatorIdle = 7 * time.Second
)

// redisGateway lets the scenario's gateway carry TCP connections to redis.
func redisGateway(name string) string {
	return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: redis}
spec:
  selector: {scenario: %s}
  servers:
  - port: {number: 6379, name: tcp-redis, protocol: TCP}
    hosts: ["*"]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: redis}
spec:
  hosts: ["*"]
  gateways: [redis]
  exportTo: ["."]
  tcp:
  - route:
    - destination: {host: redis.lab.example, port: {number: 6379}}
---%s`, name, knownAddress)
}
