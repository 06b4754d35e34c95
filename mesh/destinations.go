package mesh

import (
	"fmt"
	"strings"

	networkingapi "istio.io/api/networking/v1alpha3"

	"github.com/holdfast-mesh/holdfast/istio"
)

// nodePrefix is what Istio takes off a key of proxyMetadata when it makes node
// metadata of it.
const nodePrefix = "ISTIO_META_"

// NodeKey is the key of node metadata that a key of proxyMetadata becomes.
func NodeKey(metadata string) string { return strings.TrimPrefix(metadata, nodePrefix) }

// knowsCEL matches the Istio versions whose Envoy, 1.36 and newer, knows CEL in
// a format string: 1.28 on, 2.x included. An older Envoy would reject every
// listener, and the pod would never become ready.
const knowsCEL = `^(1[.](2[89]|[3-9][0-9]|[1-9][0-9][0-9]+)|[2-9]|[1-9][0-9]+)([.-]|$)`

// TimeoutState is the key of the filter state that wins over every idle_timeout of the TCP
// proxy, for one connection.
// Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/network_filters/tcp_proxy_filter
const TimeoutState = "envoy.tcp_proxy.per_connection_idle_timeout_ms"

const destinationsComment = `
What rules with "scope: Destinations" need. It holds no policy: ports, CIDRs and timeouts are in
each pod's own metadata, so no rule ever asks for an edit.

Applying: before the first pod carries the metadata HOLDFAST: v1. Proxies without that key are not
touched, and nothing is cut. A proxy that has it already gets new listeners, and Envoy closes what is
open on the old ones after the pod's drainDuration (45 s unless set).
Changing: never; it would do that to all of these pods. A later version of holdfast that needs another
shape brings a second object for new pods, and this one stays until the last old pod is gone.
Deleting: once no pod carries the key. While pods do, their open connections are cut in the same way,
and new ones have the sidecar's own idle timeout.
`

// Destinations is the one object that reads the destination patterns of all
// pods, in Istio's root namespace, from where it reaches every other.
func Destinations(rootNamespace string) Object {
	spec := &networkingapi.EnvoyFilter{
		// No workloadSelector: the metadata selects the pods, one by one.
		ConfigPatches: []*networkingapi.EnvoyFilter_EnvoyConfigObjectPatch{{
			ApplyTo: networkingapi.EnvoyFilter_NETWORK_FILTER,
			Match: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch{
				// Connections that the application opens. No listener is named,
				// so that passthrough traffic (virtualOutbound), services with an
				// address of their own and those that share 0.0.0.0 are all reached.
				Context: networkingapi.EnvoyFilter_SIDECAR_OUTBOUND,
				Proxy: &networkingapi.EnvoyFilter_ProxyMatch{
					ProxyVersion: knowsCEL,
					Metadata:     map[string]string{NodeKey(istio.HoldfastMetadata): istio.HoldfastVersion},
				},
				ObjectTypes: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch_Listener{
					Listener: &networkingapi.EnvoyFilter_ListenerMatch{
						FilterChain: &networkingapi.EnvoyFilter_ListenerMatch_FilterChainMatch{
							Filter: &networkingapi.EnvoyFilter_ListenerMatch_FilterMatch{Name: TCPProxyFilter},
						},
					},
				},
			},
			Patch: &networkingapi.EnvoyFilter_Patch{
				// The TCP proxy reads the timeout when it takes a connection over,
				// so the value must be there before. Nothing is added beside the
				// filter: mTLS, telemetry, access logs, authorization and routing
				// stay as they are.
				Operation: networkingapi.EnvoyFilter_Patch_INSERT_BEFORE,
				Value: structOf(values{
					"name": FilterStateFilter,
					"typed_config": values{
						"@type": "type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config",
						// Once per connection: traffic on it pays nothing.
						"on_new_connection": []any{values{
							"object_key": TimeoutState,
							// Where no pattern matches, nothing is set and the
							// sidecar's own timeout holds.
							"skip_if_empty": true,
							"format_string": values{
								// An expression that fails (no timeout in the
								// metadata) gives the empty text too, and not "-".
								"omit_empty_values": true,
								// No "formatters": CEL is built in since Envoy 1.36,
								// and newer ones log a warning when it is named.
								"text_format_source": values{"inline_string": timeoutExpression()},
							},
						}},
					},
				}),
			},
		}},
	}
	return newObject(KindDestinations, rootNamespace, istio.DestinationsObject, destinationsComment, spec)
}

// Names of network filters, as Istio and holdfast give them.
const (
	TCPProxyFilter    = "envoy.filters.network.tcp_proxy"
	FilterStateFilter = "envoy.filters.network.set_filter_state"
)

// timeoutExpression is the timeout of a pod's own metadata where one of its
// patterns matches what the application dialled (10.20.1.5:6379,
// [2001:db8::1]:6379), else nothing.
//
// A key that the pod does not have is an error for CEL, and error || true is
// true: so each pattern stands alone, and a bad one spoils no other. Both
// branches are texts as they are: Envoy's CEL has no string() and no
// concatenation.
func timeoutExpression() string {
	matches := make([]string, istio.MaxDestinationKeys)
	for i := range matches {
		matches[i] = fmt.Sprintf("destination.address.matches(xds.node.metadata['%s%d'])", NodeKey(istio.DestinationsMetadataPrefix), i+1)
	}
	return fmt.Sprintf("%%CEL(%s ? xds.node.metadata['%s'] : '')%%",
		strings.Join(matches, " || "), NodeKey(istio.DestinationsIdleTimeoutMetadata))
}
