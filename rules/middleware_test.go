package rules

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

// The table is sorted, complete, and no name, alias or URL scheme is claimed
// twice.
func TestMiddlewareTable(t *testing.T) {
	table := KnownMiddleware()
	if !slices.IsSortedFunc(table, func(a, b Middleware) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the table is not sorted by name")
	}
	names, schemes := map[string]string{}, map[string]string{}
	for _, m := range table {
		for _, n := range append([]string{m.Name}, m.Aliases...) {
			if owner, ok := names[n]; ok || len(validation.IsDNS1123Label(n)) > 0 {
				t.Errorf("%s: name %q is no label or belongs to %q too", m.Name, n, owner)
			}
			names[n] = m.Name
			for _, spelling := range []string{n, strings.ToUpper(n)} {
				if found, ok := FindMiddleware(spelling); !ok || found.Name != m.Name {
					t.Errorf("FindMiddleware(%q): got %q, %v, want %s", spelling, found.Name, ok, m.Name)
				}
			}
		}
		for _, s := range m.Schemes {
			if owner, ok := schemes[s]; ok {
				t.Errorf("%s: scheme %q belongs to %s too", m.Name, s, owner)
			}
			schemes[s] = m.Name
		}
		if m.Title == "" || m.ServerIdle == "" || m.InsideMesh == "" || m.OutsideMesh == "" || len(m.Ports) == 0 {
			t.Errorf("%s: a column is empty", m.Name)
		}
		for _, p := range m.Ports {
			if p.First == 0 || p.Last < p.First {
				t.Errorf("%s: got ports %v, want a range", m.Name, p)
			}
		}
	}
	if _, ok := FindMiddleware("couchdb"); ok {
		t.Error("got an entry for a name that is not in the table")
	}
}
