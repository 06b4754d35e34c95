package istio_test

import (
	"os/exec"
	"strings"
	"testing"
)

// These packages decide from text alone. None may reach a network
// or a cluster, not even through something that they import.
func TestNoNetworkNoCluster(t *testing.T) {
	const module = "github.com/holdfast-mesh/holdfast"
	for _, pkg := range []string{module + "/internal/...", module + "/istio/...", module + "/rules/..."} {
		list := exec.Command("go", "list", "-deps", pkg)
		list.Env = append(list.Environ(), "GOFLAGS=")
		output, err := list.Output()
		if err != nil {
			t.Fatalf("%s: %v", list, err)
		}
		for dependency := range strings.FieldsSeq(string(output)) {
			for _, banned := range []string{"net/http", "k8s.io/client-go", "sigs.k8s.io/controller-runtime"} {
				if dependency == banned || strings.HasPrefix(dependency, banned+"/") {
					t.Errorf("%s imports %s", pkg, dependency)
				}
			}
		}
	}
}
