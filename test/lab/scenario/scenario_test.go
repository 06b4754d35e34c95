package scenario

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/holdfast-mesh/holdfast/rules/load"
)

// The table says what the lab can do: names are pod names, rules come with the annotations
// that they must leave, and no rule means no annotation.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if problems := validation.IsDNS1123Label(s.Name); problems != nil || seen[s.Name] {
			t.Errorf("name %q: got %v, seen before: %t; want a DNS label of its own", s.Name, problems, seen[s.Name])
		}
		seen[s.Name] = true
		// An entry of gateways may be for the mesh alone.
		if s.Rule != "" && s.Annotated == nil || s.Rule == "" && s.Gateway == "" && s.Annotated != nil {
			t.Errorf("%s: got a rule without annotations to check, or the other way round", s.Name)
		}
		if s.NoSidecar && (s.Rule != "" || s.Change != "" || s.IsProxy() || s.Probed) {
			t.Errorf("%s: got no sidecar and something for it to do", s.Name)
		}
		if s.Gateway != "" && !s.IsProxy() || s.IsProxy() && s.Objects == "" {
			t.Errorf("%s: got an entry of gateways, and no gateway, or one without Istio's objects", s.Name)
		}
		if s.Stops != (s.Ends.Check != nil) {
			t.Errorf("%s: got an end without an expectation, or the other way round", s.Name)
		}
		objects, err := s.MeshObjects()
		if err != nil {
			t.Error(err)
		}
		if needs := s.Without || s.Change == ObjectsApplied || s.Change == ObjectsDeleted; needs && len(objects) != 1 {
			t.Errorf("%s: got %d mesh objects, want the one that the scenario is about", s.Name, len(objects))
		}
		names := map[string]bool{}
		for _, c := range s.Clients {
			if c.Want.Check == nil || c.For <= 0 || c.GiveUp <= 0 || names[c.Name] {
				t.Errorf("%s: client %q lacks an expectation, For, GiveUp or a name of its own", s.Name, c.Name)
			}
			names[c.Name] = true
		}
		if len(s.Clients) == 0 {
			t.Errorf("%s: got no client", s.Name)
		}
	}
}

// The rules file of all scenarios is one that holdfast loads without an error.
func TestRulesFile(t *testing.T) {
	text := RulesFile(All())
	file, problems := load.Rules("rules.yaml", []byte(text))
	if file == nil {
		t.Fatalf("got %v, want rules that load:\n%s", problems, text)
	}
	rules, gateways := 0, 0
	for _, s := range All() {
		rules += len(documents(s.Rule))
		if s.Gateway != "" {
			gateways++
		}
	}
	if len(file.Rules) != rules || len(file.Gateways) != gateways {
		t.Errorf("got %d rules and %d gateways, want %d and %d", len(file.Rules), len(file.Gateways), rules, gateways)
	}
}

// An object that a scenario has left out, or that comes and goes, belongs to no other scenario
// that may run at the same time: what one does, the others must not see.
func TestObjectsAreNotShared(t *testing.T) {
	type placed struct {
		Scenario
		lane, stage int
		objects     map[string]bool
	}
	var all []placed
	for i, lane := range Lanes() {
		for j, stage := range lane {
			for _, s := range stage {
				objects, err := s.MeshObjects()
				if err != nil {
					t.Fatal(err)
				}
				names := map[string]bool{}
				for _, o := range objects {
					names[o.Namespace+"/"+o.Name] = true
				}
				all = append(all, placed{s, i, j, names})
			}
		}
	}
	for _, a := range all {
		if !a.Without && a.Change != ObjectsApplied && a.Change != ObjectsDeleted {
			continue
		}
		for _, b := range all {
			together := a.lane != b.lane || a.stage == b.stage
			for name := range b.objects {
				if together && a.Name != b.Name && a.objects[name] {
					t.Errorf("%s of %s: got it needed by %s too, want nobody else", name, a.Name, b.Name)
				}
			}
		}
	}
}
