package architecture

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors says which packages of the module a package may import. "..." at the end stands for
// the package and everything below it. The first row that fits a package counts.
var floors = []struct{ of, below string }{
	{"internal/...", ""},
	{"istio/...", "internal/... istio/..."},
	{"rules", "internal/... istio/..."},
	{"rules/internal/...", "rules"},
	{"rules/jsonpatch", "internal/... rules"},
	{"rules/evidence/form", ""},
	{"rules/evidence/vocabulary", "rules"},
	{"rules/evidence/texts", "rules/evidence/form rules/evidence/settings rules/evidence/vocabulary"},
	{"rules/evidence/settings", ""},
	{"rules/evidence/configmaps", "rules rules/evidence/settings rules/evidence/texts rules/evidence/vocabulary"},
	{"rules/evidence", "internal/... istio/... rules rules/evidence/..."},
	{"rules/load/...", "internal/... istio/... rules rules/load/..."},
	{"rules/annotations", "internal/... istio/... rules"},
	{"rules/merge", "internal/... istio/... rules rules/annotations"},
	{"rules/decide", "internal/... istio/... rules rules/annotations rules/evidence/... rules/merge"},
	{"manifest", "internal/... istio rules rules/jsonpatch"},
	{"mesh", "internal/... istio/... rules"},
	{"verify", "internal/... istio/... rules mesh verify/capture verify/dump"},
	{"verify/capture", "istio rules"},
	{"verify/dump", ""},
	{"verify/live", "verify/dump verify/forward"},
	{"verify/forward", ""},
	{"doctor", "istio rules rules/decide rules/load"},
	{"doctor/checks", "doctor istio mesh rules rules/load"},
	{"doctor/gather", "doctor istio rules rules/load verify/forward"},
	{"webhook/admission", "internal/... istio/... rules/..."},
	{"webhook/connections", "webhook/background"},
	{"webhook/resident", ""},
	{"webhook/cluster", "internal/... webhook/background istio/... rules rules/evidence/configmaps"},
	{"webhook/certificates", "internal/... webhook/certificates/authority"},
	{"webhook/certificates/authority", ""},
	{"webhook/envoyfilters", "internal/... webhook/background istio/... rules mesh"},
	{"webhook/...", "internal/... istio/... rules/... webhook/..."},
	{"cmd/...", "internal/... istio/... rules/... manifest mesh verify/... doctor/... webhook/..."},
}

// Every arrow points down.
func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		floor := slices.IndexFunc(floors, func(row struct{ of, below string }) bool { return fits(p.path, row.of) })
		if floor < 0 {
			t.Errorf("package %s stands on no floor", p.path)
			continue
		}
		for _, imported := range p.imports {
			if !slices.ContainsFunc(strings.Fields(floors[floor].below), func(below string) bool { return fits(imported, below) }) {
				t.Errorf("%s imports %s, want no more than %s", p.path, imported, floors[floor].below)
			}
		}
	}
}

func fits(path, pattern string) bool {
	folder, all := strings.CutSuffix(pattern, "/...")
	return path == folder || all && strings.HasPrefix(path, folder+"/")
}

// These packages decide from text alone. None may reach a network or a cluster, not even
// through something that they import.
func TestNoNetworkNoCluster(t *testing.T) {
	notReached(t, []string{"internal/...", "istio/...", "mesh", "rules/...", "verify/capture", "verify/dump", "webhook/certificates/authority"}, "net/http/...", "k8s.io/client-go/...", "sigs.k8s.io/controller-runtime/...")
	// These judge objects of Kubernetes, whose types bring net/http with them.
	notReached(t, []string{"doctor", "doctor/checks"}, "k8s.io/client-go/...", "sigs.k8s.io/controller-runtime/...")
}

func notReached(t *testing.T, patterns []string, banned ...string) {
	t.Helper()
	packages(t) // reads the files, so that a cached result does not outlive a change of them
	for _, pattern := range patterns {
		list := exec.Command("go", "list", "-deps", modulePath+"/"+pattern)
		list.Env = append(list.Environ(), "GOFLAGS=")
		output, err := list.Output()
		if err != nil {
			t.Fatalf("%s: %v", list, err)
		}
		for dependency := range strings.FieldsSeq(string(output)) {
			if slices.ContainsFunc(banned, func(one string) bool { return fits(dependency, one) }) {
				t.Errorf("%s imports %s", pattern, dependency)
			}
		}
	}
}
