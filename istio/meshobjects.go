package istio

import "strings"

// Names of the mesh objects, EnvoyFilters all, that read what holdfast writes to
// a pod. Those of destinations and keepalive are never edited: what they select
// by is in their names.
const (
	// DestinationsObject reads the destination patterns, in the root namespace.
	DestinationsObject = "holdfast-destinations-" + HoldfastVersion
	// keepaliveObjectPrefix and a Keepalive's text name the object for that value.
	keepaliveObjectPrefix = "holdfast-keepalive-"
	// GatewayObjectPrefix and the name of an entry of gateways name its object, in
	// the gateway's namespace.
	GatewayObjectPrefix = "holdfast-gateway-"
)

// ObjectName is the name of the mesh object, in the root namespace, that gives
// the proxies of pods with this value their keepalive.
func (k Keepalive) ObjectName() string { return keepaliveObjectPrefix + k.String() }

// KeepaliveOfObject reads the value off the name that ObjectName gives.
func KeepaliveOfObject(name string) (k Keepalive, ok bool) {
	text, ok := strings.CutPrefix(name, keepaliveObjectPrefix)
	if !ok {
		return Keepalive{}, false
	}
	k, err := ParseKeepalive(text)
	return k, err == nil
}
