package pieces

import (
	"io"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"
)

// cut says what became of a text: the skeleton and the pieces, between lines of "==".
func cut(t *testing.T, text string, size int) string {
	t.Helper()
	skeleton, list := Cut([]byte(text), size)
	parts := []string{string(skeleton)}
	for i := range list {
		part, err := io.ReadAll(list[i].Reader())
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, string(part))
	}
	return strings.Join(parts, "==\n")
}

// A list of rules is cut at its items, and only such a list.
func TestCut(t *testing.T) {
	const items = "- {name: a}\n- name: b\n\n# of c\n- \n  name: c\n"
	for _, test := range []struct {
		name, text string
		size       int
		want       string
	}{
		{
			"each", "kind: Rules\nrules:\n" + items + "gateways:\n- {name: g}\n", 1,
			"kind: Rules\nrules:\n- {name: a}\n#\n\n\n\n\ngateways:\n- {name: g}\n==\n" +
				"rules:\n- {name: a}\n==\nrules:\n- name: b\n\n# of c\n==\nrules:\n- \n  name: c\n",
		},
		{"two and one", "rules:\n" + items, 20, "rules:\n- {name: a}\n- name: b\n\n# of c\n#\n\n==\nrules:\n- {name: a}\n- name: b\n\n# of c\n==\nrules:\n- \n  name: c\n"},
		{"indented", "rules:\n  - a\n  - b\nx: 1", 1, "rules:\n  - a\n#\nx: 1==\nrules:\n  - a\n==\nrules:\n  - b\n"},
		{"lists in items", "rules:\n- a:\n  - 1\n  - 2\n- b\n", 1, "rules:\n- a:\n  - 1\n  - 2\n#\n==\nrules:\n- a:\n  - 1\n  - 2\n==\nrules:\n- b\n"},
		{"Windows", "rules:\r\n- a\r\n-\r\n  b\r\n", 1, "rules:\r\n- a\r\n#\n\n==\nrules:\n- a\r\n==\nrules:\n-\r\n  b\r\n"},
		{"a document's end", "rules:\n- a\n- b\n---\n- c\n", 1, "rules:\n- a\n#\n---\n- c\n==\nrules:\n- a\n==\nrules:\n- b\n"},
		{"large enough for all", "rules:\n" + items, 1000, ""},
		{
			"JSON", "{\n \"kind\": \"Rules\",\n \"rules\": [\n  {\n\"name\": \"a\"},\n  {\"b\": \"],\\\"\"}\n ],\n \"x\": 1}\n", 1,
			"{\n \"kind\": \"Rules\",\n \"rules\": [\n  {\n\"name\": \"a\"},\n#\n ],\n \"x\": 1}\n==\n" +
				"--- {\"rules\": [\n  {\n\"name\": \"a\"},\n]}==\n--- {\"rules\": [\n  {\"b\": \"],\\\"\"}\n]}",
		},
		{"JSON on one line", `{"rules": [{"name": "a"}, {"name": "b"}]}`, 1, ""},
		{"an item of JSON within a line", "{\"rules\": [\n{\"a\": 1}, {\"b\": 2},\n{\"c\": 3}\n]}", 1, ""},
		{"the end of JSON's list within a line", "{\"rules\": [\n{\"a\": 1},\n{\"b\": 2}]}", 1, ""},
		{"nearly JSON", "{\"rules\": [\n{a: 1},\n{b: 2}\n]}", 1, ""},
		{"JSON without a list", "{\"rules\": {\n\"a\": [\n1,\n2\n]}}", 1, ""},
		{"JSON with an empty list", "{\"rules\": [\n]}", 1, ""},
		{"JSON with nothing for a list", "{\"rules\":\nnull}", 1, ""},
		{"one item", "rules:\n- a\n", 1, ""},
		{"flow style", "rules: [a,\n- b,\n- c]\n", 1, ""},
		{"another list", "gateways:\n- a\n- b\n", 1, ""},
		{"lines that end at a next line", "rules:\n- a\n# \u0085\n- b\n", 1, ""},
		{"lines that end at a line separator", "rules:\n- a\n# \u2028\n- b\n", 1, ""},
		{"lines that end at a paragraph separator", "rules:\n- a\n# \u2029\n- b\n", 1, ""},
		{"lines that end in two ways", "rules:\n- a\n# \r- b\n- c\n", 1, ""},
		{"nothing below", "rules:\nx: 1\n- a\n- b\n", 1, ""},
	} {
		if got := cut(t, test.text, test.size); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// A piece knows itself where it stands in the whole text, and its nodes get their lines there.
func TestPlaces(t *testing.T) {
	read := func(text io.Reader) *yaml.Node {
		var document yaml.Node
		reader, err := yaml.NewLoader(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.Load(&document); err != nil {
			t.Fatal(err)
		}
		return document.Content[0].Content[1]
	}
	skeleton, list := Cut([]byte("kind: Rules\nrules:\n- a\n- b: 0123456789\n- c: 1\n  d: 2\n- e\n"), 15)
	first, second := &list[0], &list[1]
	n := read(second.Reader())
	second.Place(n)
	if got := n.Content[0].Content[2].Line; got != 6 || second.Len() != 2 || !second.Is(n) {
		t.Errorf("got line %d in a piece of %d items, itself %v; want 6, 2 and true", got, second.Len(), second.Is(n))
	}
	for text, want := range map[string]bool{
		string(skeleton):                             true,
		"kind: Rules\nrules:\n- a\n":                 false, // other items
		"kind: Rules\nrules:\n  {a: b}\n":            false, // no list
		"kind: \"\nrules:\n- a\n\"\nrules: [a, b]\n": false, // elsewhere
	} {
		var document yaml.Node
		if err := yaml.Load([]byte(text), &document); err != nil {
			t.Fatal(err)
		}
		if got := first.Is(document.Content[0].Content[3]); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}

	// JSON's list begins above its first item.
	skeleton, list = Cut([]byte("{\"kind\": \"Rules\", \"rules\":\n[\n{\"a\": 1},\n{\"b\":\n2}\n]}\n"), 1)
	var document yaml.Node
	if err := yaml.Load(skeleton, &document); err != nil {
		t.Fatal(err)
	}
	if rules := document.Content[0].Content[3]; !list[0].Is(rules) || list[1].Is(rules) {
		t.Errorf("got the first piece of JSON itself %v, the second %v, want true and false", list[0].Is(rules), list[1].Is(rules))
	}
	n = read(list[1].Reader())
	list[1].Place(n)
	if got := n.Content[0].Content[1].Line; got != 5 {
		t.Errorf("got line %d in a piece of JSON, want 5", got)
	}
}
