package yamltext

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// change is what a case does to a document.
type change func(e *Edit, root *yaml.Node)

// set sets and removes entries of the mapping at a key, or at the root: "k=v"
// sets, "-k" removes.
func set(key string, args ...string) change {
	var entries []Entry
	var remove []string
	for _, arg := range args {
		if k, v, ok := strings.Cut(arg, "="); ok {
			entries = append(entries, Entry{Key: k, Text: v})
		} else {
			remove = append(remove, arg[1:])
		}
	}
	return func(e *Edit, root *yaml.Node) {
		if key != "" {
			root = Direct(root, key)
		}
		e.Set(root, entries, remove)
	}
}

// add adds a mapping.
func add(key string, entries ...Entry) change {
	return func(e *Edit, root *yaml.Node) {
		e.Set(root, []Entry{{Key: key, Entries: append([]Entry{}, entries...)}}, nil)
	}
}

func fill(key string, entries ...Entry) change {
	return func(e *Edit, root *yaml.Node) { e.Fill(root, key, entries) }
}

func insert(before string, entry Entry) change {
	return func(e *Edit, root *yaml.Node) { e.Insert(root, before, entry) }
}

func fillRoot(entries ...Entry) change {
	return func(e *Edit, root *yaml.Node) { e.FillRoot(entries) }
}

func inline(change change, keys ...string) change {
	return func(e *Edit, root *yaml.Node) {
		for _, key := range keys {
			e.Inline(Direct(root, key))
		}
		change(e, root)
	}
}

func empty(key string) change { return func(e *Edit, root *yaml.Node) { e.Empty(root, key) } }

func both(changes ...change) change {
	return func(e *Edit, root *yaml.Node) {
		for _, c := range changes {
			c(e, root)
		}
	}
}

// apply returns the text after a change, or the problem behind "! ".
func apply(t *testing.T, text string, style Style, change change) string {
	t.Helper()
	documents, problems := Parse(text)
	if len(problems) > 0 {
		t.Fatalf("%q: got %v", text, problems)
	}
	if len(documents) == 0 {
		d, _ := First(text)
		documents = append(documents, d)
	}
	d := documents[0]
	e := d.Edit(style)
	change(e, d.Root)
	after, problem := d.Apply(e)
	if problem != nil {
		return "! " + problem.Error()
	}
	if _, problems := Parse(after); len(problems) > 0 {
		t.Errorf("%q makes %q, but %v", text, after, problems)
	}
	return after
}

// edits are cases of one kind.
type edits []struct {
	style  Style
	in     string
	change change
	want   string
}

func (cases edits) run(t *testing.T) {
	for _, test := range cases {
		if diff := cmp.Diff(test.want, apply(t, test.in, test.style, test.change)); diff != "" {
			t.Errorf("%q is wrong (-want +got):\n%s", test.in, diff)
		}
	}
}

// quoted is how proxyconfig writes.
var quoted = Style{Quoted: true, Braces: true}

func TestEditBlock(t *testing.T) {
	edits{
		// In a block: values are replaced in their style, new keys come last.
		{
			Style{},
			"a: b\nc: 'd' # e\nf: \"g\"\n", set("", "a=x y", "c=it's", "f=\"", "h=i", "1=2"),
			"a: \"x y\"\nc: 'it''s' # e\nf: \"\\\"\"\nh: i\n\"1\": \"2\"\n",
		},
		{
			quoted, "a: b\nc: 'd' # e\nf: \"g\"\n", set("", "a=x y", "c=it's", "f=\"", "h=i", "1=2"),
			"a: \"x y\"\nc: \"it's\" # e\nf: \"\\\"\"\nh: \"i\"\n\"1\": \"2\"\n",
		},
		{Style{}, "'a': b", set("", "c=it's", "d=é\t"), "'a': b\n'c': \"it's\"\n'd': \"é\\t\""},
		{Style{}, "a: b\na: c\n", set("", "a=d"), "a: b\na: d\n"},
		{Style{}, "a: !!int 5 # c\nb: &x ~\nc: !!str\n  d\n", set("", "a=5", "b=y", "c=z"), "a: \"5\" # c\nb: \"y\"\nc: z\n"},
		{Style{}, "a:\nb: # c\nc: !!null # d\nd: &x\n", set("", "a=x", "b=y\nz", "c=w", "d=v"), "a: x\nb: |- # c\n  y\n  z\nc: w # d\nd: v\n"},
		{Style{}, "a:\n  b # c\nd: e\n f\ng: 'h\n  i'\n", set("", "a=x", "d=y\nz", "g=it's"), "a:\n  x # c\nd: \"y\\nz\"\ng: 'it''s'\n"},
		{Style{}, "a:\n  b\n", set("", "a=x\ny"), "a:\n  |-\n  x\n  y\n"},
		// Line ends, and the last that is missing.
		{
			Style{},
			"a: b\r\nc:\r\n  d: e\r\nf: g\r\n", set("c", "x=y", "z=1\n2\n"),
			"a: b\r\nc:\r\n  d: e\r\n  x: \"y\"\r\n  z: |\r\n    1\r\n    2\r\nf: g\r\n",
		},
		{Style{}, "a: b\rc: d\r", set("", "e=f", "a=1\n2"), "a: |-\r  1\r  2\rc: d\re: f\r"},
		{Style{}, "a: b\u0085c: d", set("", "e=f"), "a: b\u0085c: d\ne: f"},
		{Style{}, "a: b", set("", "c=d", "e=f"), "a: b\nc: d\ne: f"},
		{Style{}, "a: b\r\nc: d", set("", "e=f"), "a: b\r\nc: d\r\ne: f"},
		{Style{}, "a: b # c", set("", "d=e\n"), "d: |\n  e\na: b # c"},
		{Style{}, "a: b # c", set("", "d=e\nf"), "a: b # c\nd: |-\n  e\n  f"},
		{Style{}, "a: b # c", set("", "a=e\nf"), "a: |- # c\n  e\n  f"},
		{Style{}, "a: b # c", set("", "a=e\nf\n"), "a: \"e\\nf\\n\" # c"},
		{Style{}, "a:\n  b: |\n    c", set("a", "d=e"), "a:\n  d: e\n  b: |\n    c"},
		{Style{}, "- a: |-\n   b\n", func(e *Edit, root *yaml.Node) { set("", "d=e")(e, root.Content[0]) }, "- a: |-\n   b\n  d: e\n"},
		{Style{}, "- a: |-\n   b", func(e *Edit, root *yaml.Node) { set("", "d=e")(e, root.Content[0]) }, "- d: e\n  a: |-\n   b"},
		{Style{}, "a: b\n...\n", set("", "c=d"), "a: b\nc: d\n...\n"},
		{Style{}, "a:\n  b: c\n\n# d\ne: f\n", set("a", "x=y"), "a:\n  b: c\n  x: \"y\"\n\n# d\ne: f\n"},
		{
			Style{},
			"a:\n- b: c\n  d: [e,\n    f] # g\nh: i\n", func(e *Edit, root *yaml.Node) { set("", "x=y")(e, root.Content[1].Content[0]) },
			"a:\n- b: c\n  d: [e,\n    f] # g\n  x: \"y\"\nh: i\n",
		},
		// New mappings are as deep as their neighbours', else as the style says.
		{
			Style{},
			"a: b\nc:\n    d: e\n", add("x", Entry{Key: "y", Text: "z"}, Entry{Key: "w", Entries: []Entry{{Key: "v", Text: "1\n2"}}}, Entry{Key: "u", Entries: []Entry{}}),
			"a: b\nc:\n    d: e\nx:\n    \"y\": z\n    w:\n        v: |-\n            1\n            2\n    u: {}\n",
		},
		{Style{Step: 3}, "a: b\n", add("x", Entry{Key: "y", Text: "z"}), "a: b\nx:\n   \"y\": z\n"},
		{Style{Step: 3}, "c:\n d: e\n", add("x", Entry{Key: "y", Text: "z"}), "c:\n d: e\nx:\n \"y\": z\n"},
		{Style{}, "c: {d: e}\n", add("x"), "c: {d: e}\nx: {}\n"},
		{quoted, "'a': &m {b: c}\n", add("x", Entry{Key: "y", Text: "z"}, Entry{Merge: "m"}), "'a': &m {b: c}\nx:\n  \"y\": \"z\"\n  <<: *m\n"},
		{Style{}, "a: b", add("x", Entry{Key: "y", Text: "z\n"}), "x:\n  \"y\": |\n    z\na: b"},
		{Style{}, "a: b", add("x", Entry{Key: "y", Text: "z\n1\n"}, Entry{Key: "q", Entries: []Entry{}}), "a: b\nx:\n  \"y\": |\n    z\n    1\n  q: {}"},
	}.run(t)
}

func TestEditRemoval(t *testing.T) {
	edits{
		// Removed: whole lines, what is commented behind them stays.
		{Style{}, "a: b\nc: d\ne: f\n", set("", "-c", "-x"), "a: b\ne: f\n"},
		{Style{}, "a: b\nc: d # e\n# f\ng: |\n  h\n\ni: j\n", set("", "-c", "-g"), "a: b\n# e\n# f\n\ni: j\n"},
		{Style{}, "a: b\nc: d", set("", "-c"), "a: b"},
		{Style{}, "a: b\r\nc: d\r\ne: f", set("", "-c", "-e"), "a: b"},
		{Style{}, "a: b\nc: d", set("", "-a"), "c: d"},
		{Style{}, "a: b # x\nc: d", set("", "-a", "-c"), "# x"},
		{Style{}, "a: b\nc: d # x", set("", "-a", "-c"), "# x"},
		{Style{}, "a: b\nc: d", set("", "-a", "-c", "e=f"), "e: f"},
		{Style{}, "a: b\nc: d # x", set("", "-a", "-c", "e=f"), "# x\ne: f"},
		{Style{}, "x:\n  a: b\n  c: d", set("x", "-a", "-c", "e=f"), "x:\n  e: f"},
		{Style{}, "x:\n  a: b\n  c: d", set("x", "-a", "-c"), "x:"},
		{Style{}, "a: |\n  b\nc: d", set("", "-c"), "a: |\n  b\n"},
		{Style{}, "a: |+\n  b\nc: d", set("", "-c", "e=f\n"), "a: |+\n  b\ne: \"f\\n\""},
		{Style{}, "a: |\n  b\nc: |\n  d", set("", "-a", "e=f"), "e: f\nc: |\n  d"},
		{Style{}, "a: b\n<<: {c: d}\n", set("", "-<<", "c=e"), "a: b\nc: e\n"},
		{Style{}, "a: b\nc: d\n", set("", "-c", "c=e"), "a: b\nc: e\n"},
		{Style{}, "a: b\na: c\nd: e\n", set("", "-a"), "d: e\n"},
		{Style{}, "x:\n  a: b # c\n  d: e\n", both(set("x", "-a", "-d"), empty("x")), "x: {}\n  # c\n"},
		{Style{}, "x: &y\n  a: b\n", both(set("x", "-a"), empty("x")), "x: &y {}\n"},
		{Style{}, "x: !!map # c\n  a: b\n", both(set("x", "-a"), empty("x")), "x: !!map {} # c\n"},
		// Comments that a text above does not take for its own.
		{Style{}, "a: |\n    b\nc: d\n  # x\ne: f\n", set("", "-c"), "a: |\n    b\n  # x\ne: f\n"},
		{Style{}, "a: |\nc: d\ne: f\n", set("", "-c"), "a: |\ne: f\n"},
		{Style{}, "x:\n  a: |\n  c: d\n  # y\n  e: f\n", set("x", "-c"), "x:\n  a: |\n  # y\n  e: f\n"},
		{Style{}, "x:\n  a: b\n  c: d\n  # y\n  e: f\n", set("x", "-c", "a=1\n2"), "x:\n  a: |-\n    1\n    2\n  # y\n  e: f\n"},
		{Style{}, "x:\n  a:\n     b: c\n", func(e *Edit, root *yaml.Node) { add("y", Entry{Key: "z", Text: "w"})(e, root.Content[1]) }, "x:\n  a:\n     b: c\n  \"y\":\n     z: w\n"},
	}.run(t)
}

func TestEditRefusals(t *testing.T) {
	edits{
		// What cannot be done is refused where it stands.
		{Style{}, "a: b\nc: [d]\n", set("", "c=x"), "! 2:4: got a value that is no text, want one"},
		{Style{}, "a: {}\n", set("a", "b=c"), "! 1:4: got no entries, want a mapping with some"},
		{Style{}, "a: b\n", set("", "x=y", "x=z"), "! 1:1: got the key x twice, or more than a text for a key that is there"},
		{Style{}, "a: b\n", set("", "a=y", "a=z"), "! 1:1: got the key a twice, or more than a text for a key that is there"},
		{Style{}, "a: b\n", add("a"), "! 1:1: got the key a twice, or more than a text for a key that is there"},
		{Style{}, "? a\n: b\n", set("", "c=d"), "! 1:3: cannot tell where this ends: want a key without \"?\"; write it in a plainer form"},
		{Style{}, "a: b\n? c\n: d\n", set("", "e=f"), "a: b\n? c\n: d\ne: f\n"},
		{Style{}, "a: b\n? c\n", set("", "c=f"), "! 2:4: cannot tell where this ends: want \":\"; write it in a plainer form"},
		{Style{}, "a: b\n? c\n:\n", set("", "c=f"), "a: b\n? c\n: f\n"},
		{Style{}, "a: b\n? c\n: d\n", set("", "-c"), "! 2:3: got the key c behind other text on its line, want it on a line of its own"},
		{Style{}, "a: b\n? # x\n  c\n: d\n", set("", "-c"), "! 3:3: got the key c behind other text on its line, want it on a line of its own"},
		{
			Style{},
			"- a: b\n  c: d\n", func(e *Edit, root *yaml.Node) { set("", "-a")(e, root.Content[0]) },
			"! 1:3: got the key a behind other text on its line, want it on a line of its own",
		},
		{
			Style{},
			"[a: b]\n", func(e *Edit, root *yaml.Node) { set("", "a=c")(e, root.Content[0]) },
			"! 1:2: got a pair without braces in a list, want braces around it",
		},
		{
			Style{},
			"a: |+\n  b\nc: d\n\ne: f\n", set("", "-c"),
			"! 3:1: got blank lines or a comment behind the key c that would become a part of the text above it; remove them",
		},
		{
			Style{},
			"a: |\n  b\nc: d\n   \ne: f\n", set("", "-c"),
			"! 3:1: got blank lines or a comment behind the key c that would become a part of the text above it; remove them",
		},
		{Style{}, "a: |\n  b\nc: d\n\ne: f\n", set("", "-c"), "a: |\n  b\n\ne: f\n"},
		{
			Style{},
			"a: |\nc: d\n # x\ne: f\n", set("", "-c"),
			"! 2:1: got blank lines or a comment behind the key c that would become a part of the text above it; remove them",
		},
		{
			Style{},
			"a:\n  x:\n  - |\n   b\nc: d\n   # x\ne: f\n", set("", "-c"),
			"! 5:1: got blank lines or a comment behind the key c that would become a part of the text above it; remove them",
		},
		{
			Style{},
			"a: b\nc: d\n   # x\ne: f\n", set("", "-c", "a=x\ny"),
			"! 2:1: got blank lines or a comment behind the key c that would become a part of the text above it; remove them",
		},
		{
			Style{},
			"a: b\nc: d\n\ne: f\n", set("", "-c", "a=x\n\n"),
			"! 2:1: got blank lines or a comment behind the key c that would become a part of the text above it; remove them",
		},
		{
			Style{},
			"a: |\n  b\nc: d\n\ne: f\n", set("", "-c", "a=x\n\n"),
			"! 3:1: got blank lines or a comment behind the key c that would become a part of the text above it; remove them",
		},
		{Style{}, "a: b\n", empty("c"), "! 1:1: got no key c, want it there"},
		{Style{}, "{a: b}\n", both(set("", "-a"), empty("a")), "! 1:4: two edits of this document overlap; nothing was changed"},
		{Style{}, "a: b\n", both(set("", "a=c"), set("", "a=d")), "! 1:4: two edits of this document overlap; nothing was changed"},
		{Style{}, "a: b\n", both(set("", "c=d"), set("", "e=f")), "a: b\nc: d\ne: f\n"},
		{Style{}, "{{ x }}: b\n", set("", "=d"), "{{ x }}: b\n\"\": d\n"},
	}.run(t)
}
