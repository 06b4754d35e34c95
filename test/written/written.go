// Package written holds files that are generated, by tests or from source, against what
// would be written now: pages, manifests, what programs print.
package written

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Check compares a file with what would be written now, line by line; with update, it
// writes the file instead. command is what people run to write it.
func Check(t testing.TB, path, now, command string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; '%s' writes it", err, command)
	}
	if diff := cmp.Diff(strings.Split(string(file), "\n"), strings.Split(now, "\n")); diff != "" {
		t.Errorf("%s is stale, or what writes it is broken; read the difference, '%s' writes it anew (-file +now):\n%s", path, command, diff)
	}
}

// CheckPart does the same with the part of a file between two marks, which stay.
func CheckPart(t testing.TB, path, begin, end, now, command string, update bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(data), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s lacks the marks %q and %q", path, begin, end)
	}
	Check(t, path, before+begin+now+end+after, command, update)
}
