package istio_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const allRules = "testdata/all-rules.yaml"

// The manifests of Istio's samples, which nobody here wrote, through rules that
// match every pod: what Istio admits without holdfast it admits with it, every
// setting is still there after injection, and patch and the API server agree.
// They come with the Go module that istiod is built from.
func TestIstioSamples(t *testing.T) {
	with, without := compareUnder(t, allRules)

	module, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(strings.TrimSpace(string(module)), "samples")
	count := 0
	err = filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" || isTemplate(t, path) {
			return err
		}
		name, _ := filepath.Rel(root, path)
		t.Run(name, func(t *testing.T) {
			count += checkManifest(t, path, patchOffline(t, allRules, path, with), with, without)
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 50 {
		t.Errorf("got %d pods in Istio's samples, want at least 50", count)
	}
}

// isTemplate tells files of Helm charts, which are no YAML yet.
func isTemplate(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), "{{")
}
