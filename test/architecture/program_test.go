package architecture

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The linker leaves out methods that nothing calls, unless something looks methods up by names
// that it cannot know: then the program has every exported method of every type of Kubernetes and
// Istio, a quarter more to download and to keep in memory. A template does that, for example, and
// "go build -ldflags=-dumpdep -o /dev/null ./cmd/holdfast 2>&1 | grep '<ReflectMethod>'" shows who.
// Source: https://github.com/golang/go/blob/go1.26.0/src/cmd/link/internal/ld/deadcode.go (reflectSeen)
func TestMethodsThatNothingCallsAreLeftOut(t *testing.T) {
	packages(t) // reads the files, so that a cached result does not outlive a change of them
	program := filepath.Join(t.TempDir(), "holdfast")
	build := exec.Command("go", "build", "-trimpath", "-o", program, modulePath+"/cmd/holdfast")
	build.Env = append(build.Environ(), "CGO_ENABLED=0") // as in the Makefile, so that nothing is compiled twice
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, output)
	}
	list := exec.Command("go", "tool", "nm", program)
	output, err := list.Output()
	if err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	symbols := string(output)
	// Types of k8s.io/api have it, and nothing calls it.
	const never = "k8s.io/api/core/v1.Pod.SwaggerDoc"
	if !strings.Contains(symbols, " k8s.io/api/core/v1.(*Pod).DeepCopyObject\n") {
		t.Fatal("got no method of Pod in the program's symbols, want those that are called")
	}
	if strings.Contains(symbols, " "+never+"\n") {
		t.Errorf("the program has %s, which nothing calls: something looks methods up by name", never)
	}
}
