package mesh

import (
	"fmt"

	networkingapi "istio.io/api/networking/v1alpha3"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

const gatewayComment = `
TCP keepalive towards the clients of gateway %s: first probe after %d s without traffic, then every
%d s, and %d without an answer end the connection.

Applying, changing, deleting: Envoy replaces the listeners of these ports in the gateway's pods. It takes
new connections at once, and closes those that are open after the gateway's drainDuration (45 s
unless set), busy or not. Do it when that does no harm.
`

// SocketOption is one setting of a listener's sockets, as setsockopt takes it on
// Linux; accepted connections inherit it.
// Source: https://man7.org/linux/man-pages/man7/tcp.7.html; numbers: SOL_SOCKET in
// asm-generic/socket.h, IPPROTO_TCP and TCP_KEEP* in linux/tcp.h
type SocketOption struct {
	Description string
	Level, Name int
}

// Socket options of keepalive.
var (
	SOKeepalive  = SocketOption{"SO_KEEPALIVE", 1, 9}
	TCPKeepIdle  = SocketOption{"TCP_KEEPIDLE", 6, 4}
	TCPKeepIntvl = SocketOption{"TCP_KEEPINTVL", 6, 5}
	TCPKeepCnt   = SocketOption{"TCP_KEEPCNT", 6, 6}
)

// namespaceKey is the key of node metadata with the namespace of a proxy's pod.
// Source: https://github.com/istio/istio/blob/master/pkg/model/proxy.go (NodeMetadata)
const namespaceKey = "NAMESPACE"

// Gateway is the object that sets keepalive on the listeners of a gateway. It is
// in the gateway's namespace, which is all that it reaches.
func Gateway(g *rules.Gateway) Object {
	spec := &networkingapi.EnvoyFilter{WorkloadSelector: &networkingapi.WorkloadSelector{Labels: g.Selector}}
	for _, port := range g.Ports {
		spec.ConfigPatches = append(spec.ConfigPatches, &networkingapi.EnvoyFilter_EnvoyConfigObjectPatch{
			ApplyTo: networkingapi.EnvoyFilter_LISTENER,
			Match: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch{
				Context: networkingapi.EnvoyFilter_GATEWAY,
				// In the root namespace, where gateways often are, an object reaches
				// the pods with these labels in every namespace.
				Proxy: &networkingapi.EnvoyFilter_ProxyMatch{Metadata: map[string]string{namespaceKey: g.Namespace}},
				ObjectTypes: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch_Listener{
					Listener: &networkingapi.EnvoyFilter_ListenerMatch{PortNumber: uint32(port)},
				},
			},
			Patch: &networkingapi.EnvoyFilter_Patch{
				Operation: networkingapi.EnvoyFilter_Patch_MERGE,
				Value: structOf(values{"socket_options": []any{
					SOKeepalive.to(1),
					TCPKeepIdle.to(int(g.Keepalive.Time)),
					TCPKeepIntvl.to(int(g.Keepalive.Interval)),
					TCPKeepCnt.to(int(g.Keepalive.Probes)),
				}}),
			},
		})
	}
	k := g.Keepalive
	comment := fmt.Sprintf(gatewayComment, g.Name, k.Time, k.Interval, k.Probes)
	return newObject(KindGateway, g.Namespace, istio.GatewayObjectPrefix+g.Name, comment, spec)
}

// Is reports whether a level and a name are those of the option.
func (o SocketOption) Is(level, name int64) bool {
	return level == int64(o.Level) && name == int64(o.Name)
}

func (o SocketOption) to(value int) values {
	return values{
		"description": o.Description, "level": o.Level, "name": o.Name, "int_value": value,
		// Before bind is the one state in which every Envoy sets it; with
		// STATE_LISTENING some set nothing.
		// https://github.com/istio/istio/issues/28879
		"state": "STATE_PREBIND",
		// A port of HTTPS may have a UDP listener beside it, for HTTP/3, on which
		// these options do not exist and make Envoy refuse it.
		"type": values{"stream": values{}},
	}
}
