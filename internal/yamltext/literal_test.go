package yamltext

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestEditLiterals(t *testing.T) {
	edits{
		// Texts of several lines.
		{Style{}, "a: |\n   b\n   c\n   d\n", set("", "a=b\nx\nd\n"), "a: |\n   b\n   x\n   d\n"},
		{Style{}, "a: |\n  b\n\n  c\n", set("", "a=b\n\nc\nd\n"), "a: |\n  b\n\n  c\n  d\n"},
		{Style{}, "a: |\n  b\n  c\n", set("", "a=x\nb\nc\n"), "a: |\n  x\n  b\n  c\n"},
		{Style{}, "a: |\n  b\n  c\n", set("", "a=b\nc"), "a: |-\n  b\n  c\n"},
		{Style{}, "a: |-\n  b\n  c\n", set("", "a=b\n"), "a: |\n  b\n"},
		{Style{}, "a: |+\n  b\n\n", set("", "a=b\n"), "a: |+\n  b\n"},
		{Style{}, "a: |+\n  b\n\n", set("", "a=b\n\n"), "a: |+\n  b\n\n"},
		{Style{}, "a: |\n  b\n\n\nc: d\n", set("", "a=x\n\n"), "a: |+\n  x\n\nc: d\n"},
		{Style{}, "a: |\n  b\n \nc: d\n", set("", "a=x\n\n", "e=f"), "a: |+\n  x\n \nc: d\ne: f\n"},
		{Style{}, "a: |\n  b\n\n", set("", "a=x\n\n", "e=f"), "a: |+\n  x\n\ne: f\n"},
		{Style{}, "a: |2\n   b\n  c\nd: |2 # e\n   x\n", set("", "a=  y\nc\n", "d=z"), "a: |2\n    y\n  c\nd: |2- # e\n  z\n"},
		{Style{}, "a: >-\n  b\n  c\nd: e\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\nd: e\n"},
		{Style{}, "a: | # c\n  b\nd: e\n", set("", "a=\tx"), "a: \"\\tx\" # c\nd: e\n"},
		{Style{}, "a: | # c\n  b\nd: e\n", set("", "a=x y"), "a: |- # c\n  x y\nd: e\n"},
		{quoted, "a: &x | # c\n  b\n\nd: e\n", set("", "a=x\ny"), "a: \"x\\ny\" # c\n\nd: e\n"},
		{Style{}, "a: !!binary |\n  YQ==\nb: c\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\nb: c\n"},
		{Style{}, "a: &x |\n  b\nb: c\n", set("", "a=x\ny\n"), "a: &x |\n  x\n  y\nb: c\n"},
		{Style{}, "a: |\nb: c\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\nb: c\n"},
		{Style{}, "a: |\n  \n\nb: c\n", set("", "a=x\ny\n"), "a: |\n  x\n  y\n\nb: c\n"},
		{Style{}, "a: |", set("", "a=x\ny\n"), "a: |\n  x\n  y\n"},
		{Style{}, "a: |", set("", "a=x\ny"), "a: |-\n  x\n  y"},
		{Style{}, "a: |\n", set("", "a=x\ny"), "a: |-\n  x\n  y\n"},
		// A header that still fits stays as its author wrote it.
		{Style{}, "a: |-2\n   b\n  c\n", set("", "a=  b\nd"), "a: |-2\n    b\n  d\n"},
		// So do blank lines of as many spaces as their neighbours.
		{Style{}, "a: |-\n  b\n  \n  c\n  \n  d\n", set("", "a=b\n\nx\n\nd"), "a: |-\n  b\n  \n  x\n  \n  d\n"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=b\nd"), "a: |-\n  b\n  d"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=x\nc"), "a: |-\n  x\n  c"},
		{Style{}, "a: |\n  b\n  c", set("", "a=x\nc\n"), "a: |\n  x\n  c\n"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=b\nc\nd"), "a: |-\n  b\n  c\n  d"},
		{Style{}, "a: |-\n  b\n  c", set("", "a=b\nc\n"), "a: |\n  b\n  c\n"},
		{Style{}, "a: |\n  b\n  c\r\n", set("", "a=b\nx\n"), "a: |\n  b\n  x\n"},
		{
			Style{},
			"a: \"b\"\nc: 'd'\ne: f\n", set("", "a=x\ny", "c=x\ny", "e= x\ny", "g=\n", "h=\nx\n", "i=x\n\n"),
			"a: \"x\\ny\"\nc: |-\n  x\n  y\ne: \" x\\ny\"\ng: \"\\n\"\nh: |\n\n  x\ni: |+\n  x\n\n",
		},
		{Style{}, "a: b\n\nc: d\n", set("", "a=x\n\n"), "a: \"x\\n\\n\"\n\nc: d\n"},
		{Style{}, "a: b\n     # c\nd: e\n", set("", "a=x\n"), "a: \"x\\n\"\n     # c\nd: e\n"},
		{Style{}, "a:\n  b: c\n\nd: e\n", set("a", "x=y\n\n"), "a:\n  b: c\n  x: \"y\\n\\n\"\n\nd: e\n"},
		{Style{}, "a:\n  b: c\n     # x\nd: e\n", set("a", "x=y\n"), "a:\n  b: c\n  x: \"y\\n\"\n     # x\nd: e\n"},
		{Style{}, "a:\n  b: c\n   # x\nd: e\n", set("a", "x=y\n"), "a:\n  b: c\n  x: |\n    y\n   # x\nd: e\n"},
		{Style{}, "a:\n  b: c\n\nd: e\n", set("a", "b=x\n\n", "y=z"), "a:\n  b: |+\n    x\n\n  \"y\": z\n\nd: e\n"},
		{Style{}, "a:\n  b: c\n\nd: e\n", set("a", "b=x\n\n"), "a:\n  b: \"x\\n\\n\"\n\nd: e\n"},
	}.run(t)
}

// Every way to write an old text, before every way to go on, gets every new
// text, in whichever style.
func TestLiteralsOfAllShapes(t *testing.T) {
	for _, header := range []string{"|", "|-", "|+", ">", "|2-", "word", ""} {
		for _, body := range []string{"", "\n  a", "\n  a\n  b", "\n  a\n", "\n\n  a\n \n  b", "\n   \n", "\n  a\n  "} {
			for _, end := range []string{"", "\n", "\n\n", "\nz: 1", "\n\nz: 1\n", "\n   \nz: 1\n", "\n# c\nz: 1", "\n    # c\nz: 1\n"} {
				for _, text := range []string{"a", "a\n", "a\n\n", "a\nb", "b\na\n", " a\n", ""} {
					checkLiteral(t, "k: "+header+body+end, text)
				}
			}
		}
	}
}

func checkLiteral(t *testing.T, old, text string) {
	t.Helper()
	documents, problems := Parse(old)
	if len(problems) > 0 || Get(documents[0].Root, "k").Kind != yaml.ScalarNode {
		return // not every combination is YAML
	}
	d := documents[0]
	for _, style := range []Style{{}, quoted} {
		for _, remove := range [][]string{nil, {"z"}} {
			if remove != nil && (style.Quoted || !strings.Contains(old, "z")) {
				continue
			}
			for _, added := range []string{"", "x\n"} {
				entries := []Entry{{Key: "k", Text: text}}
				if added != "" {
					entries = append(entries, Entry{Key: "n", Text: added})
				}
				e := d.Edit(style)
				e.Set(d.Root, entries, remove)
				after, problem := d.Apply(e)
				if problem != nil {
					if !strings.HasPrefix(problem.Message, "got blank lines or a comment") {
						t.Errorf("%q: %v", old, problem)
					}
					continue
				}
				documents, problems := Parse(after)
				if len(problems) > 0 {
					t.Errorf("%q with %q and %q, without %q: got %q, %v", old, text, added, remove, after, problems)
					continue
				}
				root := documents[0].Root
				value := func(n *yaml.Node) string {
					if n == nil {
						return ""
					}
					return n.Value
				}
				z := value(Get(d.Root, "z"))
				if remove != nil {
					z = ""
				}
				if value(Get(root, "k")) != text || value(Get(root, "n")) != added || value(Get(root, "z")) != z {
					t.Errorf("%q with %q and %q, without %q: got %q", old, text, added, remove, after)
				}
			}
		}
	}
}
