package picture

import (
	"html/template"
	"strings"
	"testing"
)

// A drawing has the common style, the functions that it asks for, and its data, escaped.
func TestDraw(t *testing.T) {
	got, err := Draw(`<svg><style>{{template "style"}}</style><text>{{twice .}}</text></svg>`,
		template.FuncMap{"twice": func(s string) string { return s + s }}, "a<b")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<text>a&lt;ba&lt;b</text>", "<style>text {", "prefers-color-scheme: dark"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("got no %q in %s", want, got)
		}
	}
	if _, err := Draw("{{", nil, nil); err == nil {
		t.Error("got no error of a template that does not parse, want one")
	}
}
