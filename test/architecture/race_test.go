package architecture

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The race detector watches every package that has something to watch: 'make test' runs
// the others without it.
func TestRaceDetector(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(makefile), "\nCONCURRENT := ")
	line, _, _ := strings.Cut(rest, "\n")
	watched := strings.Fields(line)
	if !found || len(watched) == 0 {
		t.Fatal("got no CONCURRENT in the Makefile, want the packages of 'make race'")
	}
	for _, p := range packages(t) {
		if p.parallel && !slices.ContainsFunc(watched, func(pattern string) bool { return fits("./"+p.path, pattern) }) {
			t.Errorf("%s has goroutines or locks, and CONCURRENT in the Makefile lacks it", p.path)
		}
	}
}
