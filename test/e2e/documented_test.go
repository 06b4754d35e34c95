package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// documented is the one YAML example of a page in docs that holds a text.
func documented(t *testing.T, page, holds string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(cluster.Root(), "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		if block, _, _ = strings.Cut(block, "```"); strings.Contains(block, holds) {
			found = append(found, block)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d examples with %q in docs/%s, want one", len(found), holds, page)
	}
	return found[0]
}

// applyDocumented applies an example, and deletes its objects after the test.
func applyDocumented(t *testing.T, page, holds string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "example.yaml")
	if err := os.WriteFile(file, []byte(documented(t, page, holds)), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.ReadObjects(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		gone := &unstructured.Unstructured{}
		gone.SetGroupVersionKind(object.GroupVersionKind())
		gone.SetName(object.GetName())
		t.Cleanup(func() {
			if err := client.IgnoreNotFound(shared.cluster.Client.Delete(context.Background(), gone)); err != nil {
				t.Error(err)
			}
		})
		if err := shared.cluster.Apply(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}
