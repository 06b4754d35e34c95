package netns

import (
	"errors"
	"path/filepath"
	"testing"
)

// Nothing but the lab's own namespaces is ever removed.
func TestRemoveOnlyOwn(t *testing.T) {
	for _, name := range []string{"", "default", "hf-la", "x" + Prefix} {
		if err := remove(t.Context(), name); err == nil {
			t.Errorf("namespace %q: got no error, want one", name)
		}
	}
}

// One lab at a time, and the next one after it.
func TestClaim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "claimed")
	release, err := claim(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := claim(path); !errors.Is(err, ErrClaimed) {
		t.Errorf("a second one: got %v, want ErrClaimed", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := claim(path)
	if err != nil {
		t.Fatalf("after the first: got %v, want no error", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
