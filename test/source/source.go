// Package source reads what a Go file declares, so that a test can hold a table against
// all of it.
package source

import (
	"os"
	"regexp"
	"testing"
)

// Constants returns the texts of the constants of a type that a file declares, in the
// file's order. There is at least one.
func Constants(t testing.TB, file, typ string) (texts []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^\t\w+ +`+typ+` += "([^"]+)"`).FindAllSubmatch(text, -1) {
		texts = append(texts, string(match[1]))
	}
	if texts == nil {
		t.Fatalf("%s: got no constant of type %s, want some", file, typ)
	}
	return texts
}
