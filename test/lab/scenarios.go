package main

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// Times of the scenarios. A middlebox forgets after 15 s; the pools meet one that forgets
// after 20 s, because Go programs send keepalive probes every 15 s on their own.
const (
	forgets      = 15 * time.Second
	forgetsPools = 20 * time.Second
	probeEvery   = 5 * time.Second
)

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
)

// What these rules must have put on the pod.
var (
	withIdleTimeout   = map[string][]string{"proxy.istio.io/config": {`ISTIO_META_IDLE_TIMEOUT: "48h"`}}
	withDrainDuration = map[string][]string{"proxy.istio.io/config": {`ISTIO_META_IDLE_TIMEOUT: "48h"`, `drainDuration: "43200s"`}}
	withPorts         = map[string][]string{"traffic.sidecar.istio.io/excludeOutboundPorts": {"3306", "6379", "11211"}}
	withCIDRs         = map[string][]string{"traffic.sidecar.istio.io/excludeOutboundIPRanges": {"198.18.100.0/24"}}
	withDestinations  = map[string][]string{"proxy.istio.io/config": {`ISTIO_META_HOLDFAST: "v1"`, `ISTIO_META_HOLDFAST_IDLE_TIMEOUT_MS: "172800000"`}}
)

// scenarios is the lab's table.
func scenarios() []scenario {
	return slices.Concat(idleScenarios(), changeScenarios(), middleboxScenarios(), deadScenarios(), poolScenarios())
}

// idleScenarios: a connection without traffic, against the sidecar's idle timer.
func idleScenarios() []scenario {
	const length = 25 * time.Second
	return []scenario{
		{
			name: "idle-no-sidecar", title: "no sidecar", group: report.Idle, noSidecar: true,
			clients: []client{idle("redis", inside, length, lives())},
		},
		{
			name: "idle-sidecar", title: "sidecar, no rule", group: report.Idle,
			clients: []client{idle("redis", inside, length, cutWhenIdle(meshIdle))},
		},
		{
			name: "idle-timeout", title: "idleTimeout: 48h", group: report.Idle,
			rule: idleTimeout, annotated: withIdleTimeout,
			clients: []client{idle("redis", inside, length, lives())},
		},
		{
			name: "idle-bypass-ports", title: "bypass: Ports", group: report.Idle,
			rule: bypassPorts, annotated: withPorts,
			clients: []client{idle("redis", inside, length, lives())},
		},
		{
			name: "idle-bypass-cidrs", title: "bypass: CIDRs", group: report.Idle,
			rule: bypassCIDRs, annotated: withCIDRs,
			clients: []client{
				idle("inside the CIDR", inside, length, lives()),
				idle("outside the CIDR", outside, length, cutWhenIdle(meshIdle)),
			},
		},
		{
			// The mesh's own timeout stays in force for everything else.
			name: "idle-destinations", title: "idleTimeout, Destinations", group: report.Idle,
			rule: destinations, annotated: withDestinations,
			clients: []client{
				idle("inside the CIDR", inside, length, lives()),
				idle("outside the CIDR", outside, length, cutWhenIdle(meshIdle)),
			},
		},
	}
}

// changeScenarios: access logs are switched on for the pods' namespace, which changes every
// listener of their sidecars.
func changeScenarios() []scenario {
	const length = 65 * time.Second
	all := func(w want) []client {
		return []client{
			idle("idle", inside, length, w), busy("busy", inside, length, w),
			query("long query", inside, length, w),
		}
	}
	return []scenario{
		{
			name: "change-sidecar", title: "sidecar, no rule", group: report.Change, changes: true, terminated: true,
			clients: []client{busy("busy", inside, length, cutByChange(drain))},
		},
		{
			// Stands for a mesh as Istio comes, where the hour is still far away.
			name: "change-stock", title: "sidecar, timeout still 1 h", group: report.Change, changes: true,
			own:     map[string]string{"proxy.istio.io/config": `{"proxyMetadata": {"ISTIO_META_IDLE_TIMEOUT": "1h"}}`},
			clients: []client{idle("idle", inside, length, cutByChange(drain))},
		},
		{
			name: "change-timeout", title: "idleTimeout: 48h", group: report.Change, changes: true,
			rule: idleTimeout, annotated: withIdleTimeout,
			clients: all(cutByChange(drain)),
		},
		{
			name: "change-drain", title: "idleTimeout, drainDuration", group: report.Change, changes: true, terminated: true,
			rule: drainDuration, annotated: withDrainDuration,
			clients: all(lives()),
		},
		{
			name: "change-bypass", title: "bypass: Ports", group: report.Change, changes: true,
			rule: bypassPorts, annotated: withPorts,
			clients: all(lives()),
		},
	}
}

// middleboxScenarios: something on the way forgets a connection that was idle for 15 s.
func middleboxScenarios() []scenario {
	const length = 20 * time.Second
	clients := func(kept want) []client {
		return []client{
			idle("no keepalive", inside, length, noAnswer()),
			keepalive("keepalive 5 s", inside, length, kept),
		}
	}
	return []scenario{
		{
			name: "box-no-sidecar", title: "no sidecar", group: report.Middlebox, noSidecar: true, forgets: forgets,
			clients: clients(lives()),
		},
		{
			// The application's probes end at the sidecar, which sends none of its own.
			name: "box-sidecar", title: "idleTimeout: 48h", group: report.Middlebox, forgets: forgets,
			rule: idleTimeout, annotated: withIdleTimeout,
			clients: clients(noAnswer()),
		},
		{
			name: "box-bypass", title: "bypass: Ports", group: report.Middlebox, forgets: forgets,
			rule: bypassPorts, annotated: withPorts,
			clients: clients(lives()),
		},
	}
}

// deadScenarios: the servers die without a word, while nothing is asked of them.
func deadScenarios() []scenario {
	const length = 32 * time.Second
	probing := func(w want) client { return keepalive("keepalive 5 s", inside, length, w) }
	noticed := notices(probeEvery, probe.Probes)
	return []scenario{
		{
			name: "dead-no-sidecar", title: "no sidecar", group: report.Dead, noSidecar: true, dies: true,
			clients: []client{idle("no keepalive", inside, length, hangs()), probing(noticed)},
		},
		{
			// The idle timer's good side.
			name: "dead-sidecar", title: "sidecar, no rule", group: report.Dead, dies: true,
			clients: []client{probing(cutWhenIdle(meshIdle))},
		},
		{
			name: "dead-timeout", title: "idleTimeout: 48h", group: report.Dead, dies: true,
			rule: idleTimeout, annotated: withIdleTimeout,
			clients: []client{probing(hangs())},
		},
		{
			name: "dead-bypass", title: "bypass: Ports", group: report.Dead, dies: true,
			rule: bypassPorts, annotated: withPorts,
			clients: []client{probing(noticed)},
		},
	}
}

// poolScenarios: client libraries with their default settings, one request after each idle period.
func poolScenarios() []scenario {
	const (
		overIdle    = 12 * time.Second // longer than the mesh's idle timeout
		overForgets = 25 * time.Second // longer than the middlebox remembers
	)
	return []scenario{
		{
			name: "pool-sidecar", title: "sidecar, no rule", group: report.Pool,
			clients: pools(overIdle, 4*overIdle, loses(4, 0), loses(2, 2), loses(4, 0), loses(2, 2)),
		},
		{
			name: "pool-timeout", title: "idleTimeout: 48h", group: report.Pool,
			rule: idleTimeout, annotated: withIdleTimeout,
			clients: pools(overIdle, 4*overIdle, lives(), lives(), lives(), lives()),
		},
		{
			name: "pool-bypass", title: "bypass: Ports", group: report.Pool,
			rule: bypassPorts, annotated: withPorts,
			clients: pools(overIdle, 4*overIdle, lives(), lives(), lives(), lives()),
		},
		{
			name: "pool-change", title: "sidecar, no rule", group: report.Pool, changes: true,
			clients: pools(time.Second, 56*time.Second, loses(1, 0), loses(1, 1), loses(1, 0), loses(1, 1)),
		},
		{
			name: "pool-change-drain", title: "idleTimeout, drainDuration", group: report.Pool, changes: true,
			rule: drainDuration, annotated: withDrainDuration,
			clients: pools(time.Second, 56*time.Second, lives(), lives(), lives(), lives()),
		},
		{
			name: "pool-box-no-sidecar", title: "no sidecar", group: report.Pool, noSidecar: true, forgets: forgetsPools,
			clients: pools(overForgets, 2*overForgets, lives(), lives(), loses(1, 0), lives()),
		},
		{
			name: "pool-box-sidecar", title: "idleTimeout: 48h", group: report.Pool, forgets: forgetsPools,
			rule: idleTimeout, annotated: withIdleTimeout,
			clients: pools(overForgets, 2*overForgets, loses(1, 1), loses(1, 1), loses(1, 0), loses(1, 1)),
		},
		{
			name: "pool-box-bypass", title: "bypass: Ports", group: report.Pool, forgets: forgetsPools,
			rule: bypassPorts, annotated: withPorts,
			clients: pools(overForgets, 2*overForgets, lives(), lives(), loses(1, 0), lives()),
		},
	}
}

// giveUp is how long the applications wait for an answer.
const giveUp = 10 * time.Second

func tcp(name string, server netip.Addr, length time.Duration, w want) client {
	return client{probe.Spec{
		Name: name, Client: "tcp", Address: fmt.Sprintf("%s:%d", server, redisPort), For: length, GiveUp: giveUp,
	}, w}
}

// idle asks once, says nothing, and asks again at the end.
func idle(name string, server netip.Addr, length time.Duration, w want) client {
	return tcp(name, server, length, w)
}

// busy asks every 3 s.
func busy(name string, server netip.Addr, length time.Duration, w want) client {
	c := tcp(name, server, length, w)
	c.Every = 3 * time.Second
	return c
}

// keepalive is idle, with the kernel's keepalive probes on its socket every 5 s.
func keepalive(name string, server netip.Addr, length time.Duration, w want) client {
	c := tcp(name, server, length, w)
	c.Keepalive = probeEvery
	return c
}

// query is a MySQL client with one query that runs nearly to the end.
func query(name string, server netip.Addr, length time.Duration, w want) client {
	return client{probe.Spec{
		Name: name, Client: "mysql", Address: fmt.Sprintf("%s:%d", server, mysqlPort), For: length, GiveUp: length,
		Statement: fmt.Sprintf("SELECT SLEEP(%d)", int(length.Seconds())-5),
	}, w}
}

// pools are the client libraries, one request every so often. The transaction is mysql again,
// with all requests in one transaction, where the pool cannot help itself with another connection.
func pools(every, length time.Duration, mysql, transaction, redis, memcached want) []client {
	pool := func(name, kind string, port int, w want) client {
		return client{probe.Spec{
			Name: name, Client: kind, Address: fmt.Sprintf("%s:%d", inside, port), Every: every, For: length, GiveUp: giveUp,
		}, w}
	}
	held := pool("mysql transaction", "mysql", mysqlPort, transaction)
	held.Hold = true
	return []client{
		pool("mysql", "mysql", mysqlPort, mysql), held,
		pool("redis", "redis", redisPort, redis), pool("memcached", "memcached", memcachedPort, memcached),
	}
}
