package rules

// AmbientLoss is what becomes of a key of a strategy where ztunnel carries a pod's
// connections, and no sidecar does. docs/ambient.md has all of them as a table.
type AmbientLoss struct {
	Key     string `json:"key"`
	Becomes string `json:"becomes"` // of what the key does
	Instead string `json:"instead"` // what there is for it
}

// The losses. Sources: ztunnel's architecture (https://github.com/istio/ztunnel/blob/master/ARCHITECTURE.md),
// https://github.com/istio/ztunnel/issues/1689, https://github.com/istio/istio/issues/49829, and for
// waypoints listener_waypoint.go in
// https://github.com/istio/istio/tree/eed52ebb66ad/pilot/pkg/networking/core
var ambientLosses = [...]AmbientLoss{
	{"idleTimeout", "not needed at ztunnel, which has no idle timer for TCP; a waypoint on the way cuts after its own hour", "`idleTimeout` of an entry of `gateways` for the waypoint; an EnvoyFilter where the destination is ambient too"},
	{"scope: Destinations", "lost: ztunnel reads no patterns, and the mesh object attaches to no waypoint", "the waypoint's `idleTimeout`, for all its connections"},
	{"keepalive", "lost as a value of the pod's own: ztunnel has one for all (180 s, 180 s, 9 probes; never applied before 1.27.5, 1.28.2 and 1.29)", "ztunnel's own settings, in the environment of its DaemonSet"},
	{"drainDuration", "not needed at ztunnel, which has no listeners that a change replaces; a restart or upgrade of ztunnel ends connections after its grace period, and a change drains a waypoint's", "`drainDuration` of an entry of `gateways`; `terminationGracePeriodSeconds` of ztunnel"},
	{"drainJitter", "as drainDuration", "`drainJitter` of an entry of `gateways`"},
	{"sidecarStartsFirst", "nothing to wait for in the pod: ztunnel runs on the node", "nothing"},
	{"sidecarStopsLast", "not needed: nothing in the pod ends before the application; a waypoint on the way has an end of its own", "`stopsLast` of an entry of `gateways`"},
	{"bypass", "lost: no annotation takes a port or a network past ztunnel", "the label `istio.io/dataplane-mode: none`, which takes the whole pod out"},
}

// AmbientLosses returns them for all keys, in the order of the reference.
func AmbientLosses() []AmbientLoss { return append([]AmbientLoss(nil), ambientLosses[:]...) }

// InAmbient returns what becomes of a strategy's keys.
func (s *Strategy) InAmbient() (losses []AmbientLoss) {
	given := map[string]bool{
		"idleTimeout": s.IdleTimeout != nil, "scope: Destinations": s.Scope == ScopeDestinations, "keepalive": s.Keepalive != nil,
		"drainDuration": s.DrainDuration != nil, "drainJitter": s.DrainJitter > 0,
		"sidecarStartsFirst": s.SidecarStartsFirst, "sidecarStopsLast": s.SidecarStopsLast, "bypass": s.Bypass != "",
	}
	for _, loss := range ambientLosses {
		if given[loss.Key] {
			losses = append(losses, loss)
		}
	}
	return losses
}
