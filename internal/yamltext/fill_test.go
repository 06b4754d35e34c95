package yamltext

import (
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestEditFill(t *testing.T) {
	edits{
		// Fill.
		{Style{}, "x: &x {}\na:\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}, Entry{Merge: "x"}), "x: &x {}\na:\n  d: e\n  <<: *x\nb: c\n"},
		{Style{}, "b: c\na: # d", fill("a", Entry{Key: "d", Text: "e"}), "b: c\na: # d\n  d: e"},
		{Style{}, "a: {} # d\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}), "a: # d\n  d: e\nb: c\n"},
		{Style{}, "a:\n  {}\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}), "a:\n  d: e\nb: c\n"},
		{quoted, "a: {} # d\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}), "a: {d: \"e\"} # d\nb: c\n"},
		{quoted, "a: ~ # d\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}), "a: {d: \"e\"} # d\nb: c\n"},
		{quoted, "a:\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}), "a:\n  d: \"e\"\nb: c\n"},
		{quoted, "a: { # c\n }\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}, Entry{Key: "f", Text: "g"}), "a: {d: \"e\", f: \"g\" # c\n }\nb: c\n"},
		{Style{}, "a: { # c\n }\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}), "! 1:4: got a comment inside of an empty value, want it elsewhere"},
		{quoted, "a: # c\n  ~\nb: c\n", fill("a", Entry{Key: "d", Text: "e"}), "! 2:3: got a comment inside of an empty value, want it elsewhere"},
		{Style{}, "{a: , b: c}\n", fill("a", Entry{Key: "d", Text: "e"}), "{a: {d: e} , b: c}\n"},
		{Style{}, "{a: {}, b: 'c'}\n", fill("a", Entry{Key: "d", Text: "e"}, Entry{Key: "f", Text: "g"}), "{a: {d: 'e', f: 'g'}, b: 'c'}\n"},
		{Style{}, "x: &x {}\na: *x # c\n", fill("a", Entry{Merge: "x"}, Entry{Key: "f", Text: "g"}), "x: &x {}\na: # c\n  <<: *x\n  f: g\n"},
		{quoted, "x: &x {}\na: *x # c\n", fill("a", Entry{Merge: "x"}, Entry{Key: "f", Text: "g"}), "x: &x {}\na: {<<: *x, f: \"g\"} # c\n"},
		{
			Style{},
			"x: &x {}\na: *x # c\n", fill("x", Entry{Key: "f", Text: "g"}),
			"! 1:4: got a value that its anchor &x shares, so a change would show elsewhere too; write it out where *x is used",
		},
		{Style{}, "a: b\n", fill("a", Entry{Key: "f", Text: "g"}), "! 1:4: got a value for a, want none"},
		{Style{}, "a: b\n", fill("c", Entry{Key: "f", Text: "g"}), "! 1:1: got no key c, want it there"},
		{Style{}, "a: ~\n", fill("a"), "a: ~\n"},
		{Style{}, "x: &x {b: c}\na: *x", fill("a"), "x: &x {b: c}\na: {}"},
		{Style{}, "{x: &x {b: c}, a: *x}", fill("a"), "{x: &x {b: c}, a: {}}"},
		{Style{}, "{? a : b, ? c : d}\n", insert("c", Entry{Key: "x", Text: "y"}), "{? a : b, x: \"y\", ? c : d}\n"},
		{Style{}, "{? a : b, ? c : d}\n", set("", "-a", "-c", "e=f"), "{e: f}\n"},
		{Style{}, "a:\n", fill("a"), "a:\n"},
		{Style{}, "{a: ~}\n", fill("a"), "{a: ~}\n"},
		{
			Style{},
			"[a: ]\n", func(e *Edit, root *yaml.Node) { e.Fill(root.Content[0], "a", nil) },
			"! 1:2: got a pair without braces in a list, want braces around it",
		},
		// FillRoot.
		{Style{}, "", fillRoot(Entry{Key: "a", Text: "b"}, Entry{Key: "c", Text: "d\n"}), "a: b\nc: |\n  d\n"},
		{quoted, "# c", fillRoot(Entry{Key: "a", Text: "b"}), "# c\na: \"b\"\n"},
		{Style{}, "# c\r\n", fillRoot(Entry{Key: "a", Text: "b"}), "# c\r\na: b\r\n"},
		{Style{}, "---", fillRoot(Entry{Key: "a", Text: "b"}), "---\na: b\n"},
		{Style{}, "--- # c\n...\n", fillRoot(Entry{Key: "a", Text: "b"}), "--- # c\na: b\n...\n"},
		{quoted, "~ # c\n", fillRoot(Entry{Key: "a", Text: "b"}), "{\"a\": \"b\"} # c\n"},
		{Style{}, "--- !!null\n", fillRoot(Entry{Key: "a", Text: "b c"}), "--- {\"a\": \"b c\"}\n"},
		{
			Style{},
			"{ }\n", fillRoot(Entry{Key: "a", Text: "b"}, Entry{Key: "c", Entries: []Entry{{Key: "d", Text: "e"}}}),
			"{\"a\": \"b\", \"c\": {\"d\": \"e\"} }",
		},
		{Style{}, "--- &x {} # c\n", fillRoot(Entry{Key: "a", Text: "b"}), "--- &x {\"a\": b} # c\n"},
		{Style{}, "[]\n", fillRoot(Entry{Key: "a", Text: "b"}), "! 1:1: got a document with content, want an empty one"},
		// Insert.
		{Style{}, "a: b\nc: d\n", insert("c", Entry{Key: "x", Text: "y"}), "a: b\nx: \"y\"\nc: d\n"},
		{Style{}, "a: b\nc: d\n", insert("z", Entry{Key: "x", Text: "y\n"}), "x: |\n  y\na: b\nc: d\n"},
		{
			Style{},
			"a: b # 0\n\n# 1\n  # 2\nc: d\n", insert("c", Entry{Key: "x", Entries: []Entry{{Key: "y", Text: "z"}}}),
			"a: b # 0\n\nx:\n  \"y\": z\n# 1\n  # 2\nc: d\n",
		},
		{Style{}, "# 1\n\n# 2\na: b\n", insert("a", Entry{Key: "x", Text: "y"}), "# 1\n\nx: \"y\"\n# 2\na: b\n"},
		{Style{}, "# 2\na: b\n", insert("a", Entry{Key: "x", Text: "y"}), "x: \"y\"\n# 2\na: b\n"},
		{Style{}, "a: |\n  # no comment\nc: d\n", insert("c", Entry{Key: "x", Text: "y"}), "a: |\n  # no comment\nx: \"y\"\nc: d\n"},
		{
			Style{},
			"- a: b\n  c: d\n", func(e *Edit, root *yaml.Node) { e.Insert(root.Content[0], "a", Entry{Key: "x", Text: "y"}) },
			"- x: \"y\"\n  a: b\n  c: d\n",
		},
		{Style{}, "{a: b, c: d}\n", insert("c", Entry{Key: "x", Text: "y"}), "{a: b, x: \"y\", c: d}\n"},
		{Style{}, "{\n  a: b\n}\n", insert("a", Entry{Key: "x", Text: "y"}), "{\n  x: \"y\",\n  a: b\n}\n"},
		{Style{}, "[]\n", insert("a", Entry{Key: "x", Text: "y"}), "! 1:1: got no entries, want a mapping with some"},
		{
			Style{},
			"[a: b]\n", func(e *Edit, root *yaml.Node) { e.Insert(root.Content[0], "a", Entry{Key: "x", Text: "y"}) },
			"! 1:2: got a pair without braces in a list, want braces around it",
		},
		{Style{}, "{a, b: c}\n", fill("a", Entry{Key: "d", Text: "e"}), "! 1:3: cannot tell where this ends: want \":\"; write it in a plainer form"},
		{Style{}, "b: c\n? a\n", fill("a", Entry{Key: "d", Text: "e"}), "! 2:4: cannot tell where this ends: want \":\"; write it in a plainer form"},
		{Style{}, "b: c\n? a\n", empty("a"), "! 2:4: cannot tell where this ends: want \":\"; write it in a plainer form"},
	}.run(t)
}
