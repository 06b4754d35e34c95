package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/written"
)

const root = "../../.."

// The page that is shipped is the one that the comments give.
func TestPageIsFresh(t *testing.T) {
	want, err := page(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	written.Check(t, root+"/docs/codes.md", string(want), "make generate", false)
}

// Every code that is counted has its row.
func TestPageHasAllCodes(t *testing.T) {
	text, err := page(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range rules.Reasons() {
		want = append(want, string(r))
	}
	for _, c := range rules.WarningCodes() {
		want = append(want, string(c))
	}
	for _, code := range want {
		if !strings.Contains(string(text), "\n| `"+code+"` | ") {
			t.Errorf("docs/codes.md has no row for %s: is it among the constants?", code)
		}
	}
}

// What a comment gives, and what it is refused for.
func TestCodes(t *testing.T) {
	for _, test := range []struct {
		rule, text string
		want       code
		err        string
	}{
		{"a sentence of two lines, and advice", "// It is\n// so.\n// Do: it.\nA T = \"Code\"", code{"Code", "It is so.", "it."}, ""},
		{"no comment", "A T = \"Code\"", code{}, `f.go: A: got comment "", want a sentence`},
		{"no advice", "// It is so.\nA T = \"Code\"", code{}, "want a sentence"},
		{"no end", "// It is so. Do: it\nA T = \"Code\"", code{}, "want a sentence"},
		{"no text", "// It is so.\n// Do: it.\nA T = 'x' + 'y'", code{}, "no literal"},
		{"another type", "// It is so.\n// Do: it.\nA U = \"Code\"", code{}, "got no constants of type T"},
	} {
		list, err := codes(fstest.MapFS{"f.go": {Data: []byte("package p\n\nconst (\n" + test.text + "\n)\n")}}, "f.go", "T", "")
		switch {
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: got %v and error %v, want %q", test.rule, list, err, test.err)
		case test.err == "" && (err != nil || len(list) != 1 || list[0] != test.want):
			t.Errorf("%s: got %v and error %v, want %v", test.rule, list, err, test.want)
		}
	}
}

// A pipe in a cell does not end it.
func TestTable(t *testing.T) {
	got := table([]code{{"A", "m | n.", "do | it."}})
	if want := "| `A` | m \\| n. | Do \\| it. |"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
