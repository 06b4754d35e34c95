package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// gateways looks for the pods of the rules' entries. An entry's keepalive is an
// EnvoyFilter, which needs no opt-in, so the namespace's label is not looked at.
func gateways(s *doctor.Snapshot, r *doctor.Result) {
	m := s.Rules.Value
	if m == nil || m.File == nil {
		r.Unseen(s.Rules.Unseen)
		if s.Rules.Unseen == "" {
			r.Unseen("the rules cannot be read: see " + string(doctor.Rules))
		}
		return
	}
	for _, g := range m.File.Gateways {
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

func selectorText(selector map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		parts = append(parts, key+"="+selector[key])
	}
	return strings.Join(parts, ",")
}
