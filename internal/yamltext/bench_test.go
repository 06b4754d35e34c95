package yamltext

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// hostile makes texts of n pieces that are written to cost as much as they
// can, and says what to do with them.
var hostile = map[string]struct {
	text func(n int) string
	edit func(e *Edit, root *yaml.Node)
}{
	"one long line":          {around("[", "{é: ö}, ", "]"), changeEach},
	"items":                  {around("", "- a: b\n", ""), changeEach},
	"nested braces":          {func(n int) string { return nested(min(n, 9000), "{a: ", "}") }, changeEach},
	"nested brackets":        {func(n int) string { return nested(min(n, 9000), "[", "]") }, nil},
	"keys removed in braces": {keys("{", "K%d: é, ", "}"), removeAll},
	"keys removed":           {keys("", "K%d: v\n", "z: y"), removeAll},
	"keys set":               {keys("", "K%d: |\n  é\n", ""), setAll},
	"keys set in braces":     {keys("{", "K%d: é, ", "}"), setAll},
	"anchors inlined":        {keys("", "K%d: &a%[1]d v\nL%[1]d: *a%[1]d\n", ""), func(e *Edit, root *yaml.Node) { inlineAll(e, root); setAll(e, root) }},
	"blocks and comments":    {keys("", "K%d: |+\n  v\n\n  # c\n", ""), removeAll},
	"a long block above": {func(n int) string { return around("a: |\n", "  é\n", "")(n) + keys("", "K%d: v\n", "")(n) }, func(e *Edit, root *yaml.Node) {
		var remove []string
		for key := range All(root) {
			if key != "a" {
				remove = append(remove, key)
			}
		}
		e.Set(root, nil, remove)
	}},
	"blank lines":    {around("a: |+\n  b\n", "\n", "c: d\n"), removeAll},
	"values of JSON": {around("", `{"a":"é"}`, ""), nil},
	"documents":      {around("", "---\na: é\n", ""), nil},
	"merges":         {keys("m: &m {a: b}\n", "K%d: {<<: *m}\n", ""), nil},
}

func around(before, piece, after string) func(n int) string {
	return func(n int) string { return before + strings.Repeat(piece, n) + after }
}

func nested(n int, open, closing string) string {
	return strings.Repeat(open, n) + strings.Repeat(closing, n)
}

func keys(before, pattern, after string) func(n int) string {
	return func(n int) string {
		var b strings.Builder
		b.WriteString(before)
		for i := range n {
			fmt.Fprintf(&b, pattern, i)
		}
		return b.String() + after
	}
}

func inlineAll(e *Edit, root *yaml.Node) {
	for _, value := range All(root) {
		e.Inline(value)
	}
}

func setAll(e *Edit, root *yaml.Node) {
	var entries []Entry
	for key := range All(root) {
		entries = append(entries, Entry{Key: key, Text: "new\nlines"})
	}
	e.Set(root, entries, nil)
}

func removeAll(e *Edit, root *yaml.Node) {
	var remove []string
	for key := range All(root) {
		remove = append(remove, key)
	}
	e.Set(root, nil, remove)
}

// changeEach changes every mapping without one inside.
func changeEach(e *Edit, root *yaml.Node) {
	for _, m := range mappings(root) {
		if value := m.Content[1]; value.Kind == yaml.ScalarNode {
			e.Set(m, []Entry{{Key: m.Content[0].Value, Text: "x"}, {Key: "new", Text: "y"}}, nil)
		}
	}
}

func work(text string, edit func(e *Edit, root *yaml.Node)) {
	documents, _ := Parse(text)
	for _, d := range documents {
		d.Position(d.Root)
		if d.Unfolded(); edit != nil {
			e := d.Edit(Style{})
			edit(e, d.Root)
			_, _ = d.Apply(e)
		}
	}
}

// Twice the text takes about twice the memory. BenchmarkHostile shows that it
// takes about twice the time.
func TestMemoryIsLinear(t *testing.T) {
	allocated := func(text string, edit func(e *Edit, root *yaml.Node)) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		work(text, edit)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for name, shape := range hostile {
		const n = 500
		once, twice := allocated(shape.text(n), shape.edit), allocated(shape.text(2*n), shape.edit)
		if twice > 3*once {
			t.Errorf("%s: got %d KiB, and %d KiB for twice the text", name, once>>10, twice>>10)
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, shape := range hostile {
		for _, n := range []int{10_000, 40_000} {
			text := shape.text(n)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					work(text, shape.edit)
				}
			})
		}
	}
}
