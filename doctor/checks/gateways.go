package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/rules"
)

// gateways looks for the pods of the rules' entries, and whether they are sent to
// holdfast. An entry's keepalive is an EnvoyFilter, which needs no opt-in.
func gateways(s *doctor.Snapshot, r *doctor.Result) {
	m := s.Rules.Value
	if m == nil || m.File == nil {
		r.Unseen(s.Rules.Unseen)
		if s.Rules.Unseen == "" {
			r.Unseen("the rules cannot be read: see " + string(doctor.Rules))
		}
		return
	}
	for i := range m.File.Gateways {
		g := &m.File.Gateways[i]
		if g.ForPods() {
			optedIn(s, r, g)
		}
		there := s.GatewayPods[g.Name]
		switch selector := selectorText(g.Selector); {
		case there.Unseen != "":
			r.Unseen(there.Unseen)
		case !there.Value:
			r.Add(doctor.GatewayNotFound, "gateways entry "+g.Name, fmt.Sprintf("no pod in namespace %s has %s", g.Namespace, selector),
				fmt.Sprintf("kubectl -n %s get pods --show-labels shows the labels of its pods; then mend selector or namespace of the entry", g.Namespace))
		}
	}
	r.Seen = count(len(m.File.Gateways), "entry")
	if len(m.File.Gateways) != 1 {
		r.Seen = fmt.Sprintf("%d entries", len(m.File.Gateways))
	}
}

// optedIn says where the pods of an entry are not for holdfast.
func optedIn(s *doctor.Snapshot, r *doctor.Result, g *rules.Gateway) {
	r.Unseen(s.Namespaces.Unseen)
	isIt := func(n doctor.Namespace) bool { return n.Name == g.Namespace }
	if s.Namespaces.Unseen != "" || !slices.ContainsFunc(s.Namespaces.Value, isIt) || slices.ContainsFunc(s.OptedIn(), isIt) {
		return // one that is not there has no pods either
	}
	r.Add(doctor.GatewayNotOptedIn, "gateways entry "+g.Name, fmt.Sprintf("namespace %s has no label %s=true", g.Namespace, rules.EnabledKey),
		fmt.Sprintf("kubectl label namespace %s %s=true --overwrite, then restart the gateway; other pods there are then looked at too", g.Namespace, rules.EnabledKey))
}

func selectorText(selector map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		parts = append(parts, key+"="+selector[key])
	}
	return strings.Join(parts, ",")
}
