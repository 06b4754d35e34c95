package mesh

import (
	"fmt"

	networkingapi "istio.io/api/networking/v1alpha3"

	"github.com/holdfast-mesh/holdfast/istio"
)

const keepaliveComment = `
TCP keepalive for the pods of rules with this value: first probe after %d s without traffic, then every
%d s, and %d without an answer end the connection.

Applying: at any time, best before the first pod carries the value. New connections are probed, open
ones stay as they are, and nothing is cut.
Changing: never; another value is another object.
Deleting: once no pod carries the value. New connections are then no longer probed, open ones still
are, and nothing is cut.
`

// Keepalive is the object that gives the proxies of pods with one value their
// keepalive on every upstream connection, passthrough traffic included, as
// meshConfig.tcpKeepalive would for all pods. It is in Istio's root namespace.
func Keepalive(rootNamespace string, k istio.Keepalive) Object {
	spec := &networkingapi.EnvoyFilter{
		ConfigPatches: []*networkingapi.EnvoyFilter_EnvoyConfigObjectPatch{{
			ApplyTo: networkingapi.EnvoyFilter_CLUSTER,
			Match: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch{
				// No cluster is named: PassthroughCluster is one of them.
				Context: networkingapi.EnvoyFilter_SIDECAR_OUTBOUND,
				Proxy:   &networkingapi.EnvoyFilter_ProxyMatch{Metadata: map[string]string{NodeKey(istio.KeepaliveMetadata): k.String()}},
			},
			Patch: &networkingapi.EnvoyFilter_Patch{
				Operation: networkingapi.EnvoyFilter_Patch_MERGE,
				Value: structOf(values{"upstream_connection_options": values{"tcp_keepalive": values{
					"keepalive_probes":   int(k.Probes),
					"keepalive_time":     int(k.Time),
					"keepalive_interval": int(k.Interval),
				}}}),
			},
		}},
	}
	comment := fmt.Sprintf(keepaliveComment, k.Time, k.Interval, k.Probes)
	return newObject(KindKeepalive, rootNamespace, k.ObjectName(), comment, spec)
}
