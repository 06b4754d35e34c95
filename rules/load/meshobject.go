package load

import (
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// ruleObjects warns of what a rule needs in the mesh, at the keys that need it.
// Nobody knows here what is there. Rules in mode Observe need it too: an object
// that is there before the first pod asks for it cuts nothing.
func (l *loader) ruleObjects(r *rules.Rule, s *strategyValues) {
	if r.Strategy.Scope == rules.ScopeDestinations {
		l.needsMeshObject(s.scope, "Destinations", l.rootNamespace, istio.DestinationsObject, "")
	}
	if k := r.Strategy.Keepalive; k != nil {
		l.needsMeshObject(s.keepalive, "keepalive", l.rootNamespace, k.ObjectName(), managed)
	}
}

// managed is the other way to what --manage-mesh takes care of.
const managed = ", and holdfast webhook --manage-mesh keeps it by itself"

// needsMeshObject names the object and the command first: the room that kubectl
// has for a warning ends there.
func (l *loader) needsMeshObject(v value, got, namespace, name, otherWay string) {
	l.warnAt(v, NeedsMeshObject, "got %s, want %s/%s: holdfast render -f FILE | kubectl apply -f - makes this EnvoyFilter%s; where that is done, write allow: [%s]",
		got, namespace, name, otherWay, NeedsMeshObject)
}
