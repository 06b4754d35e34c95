// Package written holds files that tests write against what they would write now.
package written

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Check compares a file with what it should say, line by line; with update, it writes the
// file instead. command is what people run to write it.
func Check(t testing.TB, path, want, command string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; '%s' writes it", err, command)
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s is stale; read the difference, '%s' writes it anew (-want +got):\n%s", path, command, diff)
	}
}
