package netns

import "testing"

// Nothing but the lab's own namespaces is ever removed.
func TestRemoveOnlyOwn(t *testing.T) {
	for _, name := range []string{"", "default", "hf-la", "x" + Prefix} {
		if err := remove(t.Context(), name); err == nil {
			t.Errorf("namespace %q: got no error, want one", name)
		}
	}
}
