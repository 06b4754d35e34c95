package yamltext

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

var seeds = []string{
	"", "a", "# c\n---\na: b # d\n...\n", "a: &x |+\n  b\n\nc: *x\n", "{a: b, 'c': [d, {e: }], ? f : g, \"h\":i,}", "- - a\n- ? b\n  : c\n",
	"{\"a\":1} [\"\\ud83d\\ude00\"]", "\ufeffa: b\u0085c: d\r\ne: f\rg: h", "%YAML 1.2\n---\n!!map {!<x,y> a: &b !!str c}\n", "a: |2-\n    b\n   c\n", "a: 'b\n  c'\nd: \"e\\\n  f\"\ng: h\n  i\n",
	"<<: &m {a: b}\nc: {<<: *m}\n", "a: &x [*x]\n", "[a: b, {c: d}: e]", "a:\n- b\n-\n  c: d\n", "? |\n  a\n: >\n  b\n", "a: \U0001F600é # é\n",
}

// Nothing panics, nodes stand one behind the other, and a scalar that ends
// somewhere ends behind its start.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, problem := First(text); problem != nil && problem.Line < 1 {
			t.Errorf("got no place for %v", problem)
		}
		documents, _ := Parse(text)
		for _, d := range documents {
			if got := d.file.text[d.Start : d.Start+len(d.Text)]; got != d.Text {
				t.Fatalf("got the document %q at %d, want %q", got, d.Start, d.Text)
			}
			_, _ = spans(d)
			d.Unfolded()
			if d.Root != nil && countNodes(d.Root)+1 > MostNodes(d.Text) {
				t.Fatalf("got more nodes than %d", MostNodes(d.Text))
			}
		}
	})
}

// Nothing panics, and what Set promises is so.
func FuzzEdit(f *testing.F) {
	for i, seed := range seeds {
		f.Add(seed, uint8(i), i%2 == 0, "a", "new\nlines\n", "c")
	}
	f.Fuzz(func(t *testing.T, text string, which uint8, quoted bool, key, value, remove string) {
		key, value = strings.ToValidUTF8(key, ""), strings.ToValidUTF8(value, "")
		documents, problems := Parse(text)
		if len(documents) != 1 || len(problems) > 0 || documents[0].Root == nil || len(key) > 100 {
			return
		}
		d := documents[0]
		e := d.Edit(Style{Quoted: quoted, Braces: quoted})
		all := mappings(d.Root)
		if len(all) == 0 {
			e.FillRoot([]Entry{{Key: key, Text: value}})
			_, _ = d.Apply(e)
			return
		}
		m := all[int(which)%len(all)]
		for _, n := range m.Content {
			if n.Kind == yaml.AliasNode && which%2 == 0 {
				e.Fill(m, n.Value, []Entry{{Key: key, Text: value}})
			}
		}
		for _, other := range []func(e *Edit){
			func(e *Edit) { e.Insert(m, key, Entry{Key: key, Text: value}) },
			func(e *Edit) { e.Empty(m, key) },
			func(e *Edit) { e.Fill(m, key, []Entry{{Key: key, Text: value}}) },
			func(e *Edit) {
				e.Inline(m)
				e.Inline(m.Content[1])
				e.Set(m, []Entry{{Key: key, Text: value}}, []string{remove})
			},
		} {
			e := d.Edit(Style{Quoted: quoted})
			other(e)
			_, _ = d.Apply(e)
		}
		s := setting{[]Entry{{Key: key, Text: value}}, []string{remove}}
		e = d.Edit(Style{Quoted: quoted})
		e.Set(m, s.set, s.remove)
		after, problem := d.Apply(e)
		if problem != nil || !isTame(m) {
			return
		}
		documents, problems = Parse(d.file.text[:d.Start] + after + d.file.text[d.Start+len(d.Text):])
		switch {
		case len(problems) > 0 || len(documents) != 1 || documents[0].Root == nil:
			t.Fatalf("got %d documents and %v of\n%q\nafter %q in\n%q", len(documents), problems, after, s, d.Text)
		case !s.same(d.Root, documents[0].Root, m):
			t.Fatalf("got\n%q\nafter %q in\n%q", after, s, d.Text)
		}
	})
}

// isTame reports whether the keys of a mapping are distinct texts.
func isTame(m *yaml.Node) bool {
	seen := map[string]bool{}
	for i := 0; i < len(m.Content); i += 2 {
		key := m.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" || seen[key.Value] {
			return false
		}
		seen[key.Value] = true
	}
	return true
}
