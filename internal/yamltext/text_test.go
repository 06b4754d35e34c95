package yamltext

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// Every broken document has its problem, with line and column of the text.
func TestProblems(t *testing.T) {
	for _, test := range []struct {
		text      string
		documents int // that are fine
		want      []string
	}{
		{"a: [", 0, []string{"1:1: document 1 is no YAML: did not find expected node content"}},
		{"a: b\nc: [d\n---\ne: f\n---\n\tg: h\n", 1, []string{"3:1: document 1 is no YAML: did not find expected ',' or ']'", "6:1: document 3 is no YAML: found a tab character where an indentation space is expected"}},
		{"# c\n---\nä: b: c\n", 0, []string{"3:5: document 1 is no YAML: mapping values are not allowed in this context"}},
		{"a: \x01b\n", 0, []string{"1:4: document 1 is no YAML: control characters are not allowed (value: 1)"}},
		{"# ä\na: 'ä \x01\n", 0, []string{"2:7: document 1 is no YAML: control characters are not allowed (value: 1)"}},
		{"a: {{ .Values.x }}\n  b: c\n", 0, []string{"2:3: document 1 is no YAML: did not find expected key; it looks like a template: render it first, as with helm template"}},
		{"a: *x\n", 0, []string{"1:4: document 1 is no YAML: unknown anchor 'x' referenced"}},
		{"a: b\n c: d\n", 0, []string{"2:3: document 1 is no YAML: mapping values are not allowed in this context"}},
		{"{\"a\": 1,}", 1, nil},
		{"{\"a\": tru}", 1, nil},
		{"{a: 1,}}", 0, []string{"1:8: document 1 is no YAML: did not find expected <document start>"}},
		{"{\"a\": 1}\n{\"b\" 2}", 0, []string{"2:6: document 2 is no JSON: invalid character '2' after object name (expecting ':')"}},
		{"--- {\"a\" 1}", 0, []string{"1:10: document 1 is no JSON: invalid character '1' after object name (expecting ':')"}},
		{"x: y\n---\n{\"a\" 1}\n{\"b\" 2}\n", 1, []string{"3:6: document 2 is no JSON: invalid character '1' after object name (expecting ':')"}},
		{"{\"a\": 1} b: c", 0, []string{"1:10: document 2 is no JSON: invalid character 'b' at start of value"}},
		{"a: b\n{c: d}\n", 0, []string{"3:1: document 1 is no YAML: could not find expected ':'"}},
		{"'a'\n'b'\n", 0, []string{"2:1: document 1 is no YAML: did not find expected <document start>"}},
		{"\xff\xfea\x00", 0, []string{"1:1: got UTF-16, want UTF-8: convert it, as with iconv -f UTF-16 -t UTF-8"}},
		{"\xfe\xff\x00a", 0, []string{"1:1: got UTF-16, want UTF-8: convert it, as with iconv -f UTF-16 -t UTF-8"}},
		{"a: é\nb: é\xe9\n", 0, []string{"2:5: got byte 0xe9, want UTF-8"}},
		{"\ufeffé: \xff", 0, []string{"1:4: got byte 0xff, want UTF-8"}},
		{"\ufeff[", 0, []string{"1:1: document 1 is no YAML: did not find expected node content"}},
		{"%YAML 2.0\n---\na\n", 0, []string{"1:1: document 1 is no YAML: found incompatible YAML document"}},
		{"a: b\u0085c: [", 0, []string{"2:1: document 1 is no YAML: did not find expected node content"}},
		{"[" + strings.Repeat("é, ", 100) + "}", 0, []string{"1:302: document 1 is no YAML: did not find expected node content"}},
		{"a: é\n...\n\ufeffb: [\n", 1, []string{"4:1: document 2 is no YAML: did not find expected node content"}},
		{"...\na: b\n... # c\n[", 1, []string{"4:1: document 2 is no YAML: did not find expected node content"}},
		{"a\u0085--- b\u0085--- c", 0, []string{"1:1: got several documents without a line \"---\" between them"}},
		{"a\u0085--- [", 0, []string{"2:1: document 1 is no YAML: did not find expected node content"}},
		{"%YAML 1.2 # c\n", 0, nil},
	} {
		documents, problems := Parse(test.text)
		var got []string
		for _, p := range problems {
			got = append(got, p.Error())
		}
		if diff := cmp.Diff(test.want, got); diff != "" || len(documents) != test.documents {
			t.Errorf("%q: got %d documents, want %d; problems (-want +got):\n%s", test.text, len(documents), test.documents, diff)
		}
	}
}

// First reads no further than it must.
func TestFirst(t *testing.T) {
	for _, test := range []struct{ text, document, problem string }{
		{"", "", "<nil>"},
		{"\ufeff", "", "<nil>"},
		{"# c\n", "# c\n", "<nil>"},
		{"\ufeff# c\n", "# c\n", "<nil>"},
		{"a: b\n---\n[", "a: b\n", "<nil>"},
		{"---\n# c\n---\n[", "---\n# c\n", "<nil>"},
		{"...\n# c\n---\na\n...\nb", "# c\n---\na\n...\n", "<nil>"},
		{"# c\n...\na", "a", "<nil>"},
		{"{\"a\": 1} {\"b\": 2}", "{\"a\": 1}", "<nil>"},
		{"a: [\n---\nb", "a: [\n", "2:1: document 1 is no YAML: did not find expected node content"},
		{"a\xff", "", "1:2: got byte 0xff, want UTF-8"},
	} {
		d, problem := First(test.text)
		text := ""
		if d != nil {
			text = d.Text
		}
		got := fmt.Sprint(error(problem))
		if problem == nil {
			got = "<nil>"
		}
		if text != test.document || got != test.problem {
			t.Errorf("%q: got %q and %s, want %q and %s", test.text, text, got, test.document, test.problem)
		}
	}
}

// Positions are those of the whole text, in characters.
func TestPositions(t *testing.T) {
	text := "\ufeffé: b # ü\r\n---\n# c\na:\u0085  - " + strings.Repeat("é", 200) + " \r  - [😀, {\"b\": é}, x]\n---\n {\"é\": 1} [\n2]"
	documents, problems := Parse(text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, d := range documents {
		line, column := d.Position(nil)
		got = append(got, fmt.Sprintf("- %d:%d", line, column))
		var visit func(n *yaml.Node)
		visit = func(n *yaml.Node) {
			line, column := d.Position(n)
			var problem error = d.Errorf(n, "at %s", "it")
			if want := fmt.Sprintf("%d:%d: at it", line, column); problem.Error() != want {
				t.Errorf("got %v, want %s", problem, want)
			}
			if n.Kind == yaml.ScalarNode {
				value := []rune(n.Value)
				got = append(got, fmt.Sprintf("%s %d:%d", string(value[:1]), line, column))
			}
			for _, child := range n.Content {
				visit(child)
			}
		}
		visit(d.Root)
	}
	want := []string{"- 1:1", "é 1:1", "b 1:4", "- 2:1", "a 4:1", "é 5:5", "😀 6:6", "b 6:10", "é 6:15", "x 6:19", "- 8:2", "é 8:3", "1 8:8", "- 8:11", "2 9:1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("positions differ (-want +got):\n%s", diff)
	}
	var target *Error
	if !errors.As(error(documents[0].Errorf(nil, "x")), &target) || target.Line != 1 || target.Column != 1 {
		t.Errorf("got %v, want an *Error", target)
	}
}

// Characters and offsets count the same way in both directions, in lines of
// any length.
func TestColumns(t *testing.T) {
	for _, character := range []string{"a", "é", "€", "😀"} {
		for _, length := range []int{0, 1, 63, 64, 65, 127, 128, 129, 500} {
			l := newLines("x\n" + strings.Repeat(character, length) + "\ny\n")
			for i := range length + 1 {
				at := 2 + i*len(character)
				if got := l.offset(2, i+1); got != at {
					t.Fatalf("%d times %q: got offset %d of column %d, want %d", length, character, got, i+1, at)
				}
				if line, column := l.position(at); line != 2 || column != i+1 {
					t.Fatalf("%d times %q: got %d:%d of offset %d, want 2:%d", length, character, line, column, at, i+1)
				}
			}
			last := newLines(l.text[:2+length*len(character)])
			if got := last.offset(2, length+1); got != len(last.text) {
				t.Fatalf("%d times %q: got offset %d of the end, want %d", length, character, got, len(last.text))
			}
			if got, want := l.offset(3, 1), len(l.text)-2; got != want {
				t.Fatalf("%d times %q: got offset %d of the last line, want %d", length, character, got, want)
			}
		}
	}
}

func TestReadable(t *testing.T) {
	for text, want := range map[string]string{
		"%YAML 1.2\n---\na":              "%YAML 1.1\n---\na",
		"# c\n\n\r\n%TAG ! x\n%YAML 1.2": "# c\n\n\r\n%TAG ! x\n%YAML 1.1",
		"a\n%YAML 1.2":                   "a\n%YAML 1.2",
		"%YAML 1.1":                      "%YAML 1.1",
		"":                               "",
	} {
		if got := Readable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
