package yamltext

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go.yaml.in/yaml/v4"
)

// spans returns the text of every node, parents first, and what could not be
// told.
func spans(d *Document) (texts []string, problem *Error) {
	x := &extent{Document: d}
	var visit func(n *yaml.Node, indent int)
	visit = func(n *yaml.Node, indent int) {
		start, end := x.at(n), x.end(n, indent)
		if start > end || end > len(d.Text) {
			x.fail(start, fmt.Sprintf("an end between it and %d, not %d", len(d.Text), end))
			return
		}
		texts = append(texts, d.Text[start:end])
		for _, child := range n.Content {
			visit(child, x.inner(n))
		}
	}
	if d.Root != nil {
		visit(d.Root, -1)
	}
	return texts, x.err
}

func TestSpans(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string // parents first, of all documents
	}{
		{"a: b", []string{"a: b", "a", "b"}},
		{"a: !!str b # c\n", []string{"a: !!str b", "a", "!!str b"}},
		{"a: !<tag:yaml.org,2002:str> b\n", []string{"a: !<tag:yaml.org,2002:str> b", "a", "!<tag:yaml.org,2002:str> b"}},
		{"{a: !<tag:yaml.org,2002:str> b, c: !local d}\n", []string{"{a: !<tag:yaml.org,2002:str> b, c: !local d}", "a", "!<tag:yaml.org,2002:str> b", "c", "!local d"}},
		{"&m !!map # c\na: &x b\nc: *x\n", []string{"&m !!map # c\na: &x b\nc: *x", "a", "&x b", "c", "*x"}},
		{"&k a: b\n", []string{"&k a: b", "&k a", "b"}},
		{"- &k a: b\n", []string{"- &k a: b", "&k a: b", "&k a", "b"}},
		{"&k {a: b}: c\n", []string{"&k {a: b}: c", "&k {a: b}", "a", "b", "c"}},
		{"k: &m\n  &k a: b\n", []string{"k: &m\n  &k a: b", "k", "&m\n  &k a: b", "&k a", "b"}},
		{"&x a: b\n*x : c\n", []string{"&x a: b\n*x : c", "&x a", "b", "*x", "c"}},
		{"a: plain\n  on two\n\n  lines\nb: c\n", []string{"a: plain\n  on two\n\n  lines\nb: c", "a", "plain\n  on two\n\n  lines", "b", "c"}},
		{"a: plain #no comment\nb: x#y\n", []string{"a: plain #no comment\nb: x#y", "a", "plain", "b", "x#y"}},
		{"- a\n- 'it''s'\n- \"q\\\"\\\\\" # c\n- \"two\n\n  lines\"\n", []string{"- a\n- 'it''s'\n- \"q\\\"\\\\\" # c\n- \"two\n\n  lines\"", "a", "'it''s'", "\"q\\\"\\\\\"", "\"two\n\n  lines\""}},
		{"a:\nb: ~\nc: !!null\nd: &e\nf: ''\ng: \"\"\n", []string{"a:\nb: ~\nc: !!null\nd: &e\nf: ''\ng: \"\"", "a", "", "b", "~", "c", "!!null", "d", "&e", "f", "''", "g", "\"\""}},
		{"a: !!null # c\nb: !!str\n", []string{"a: !!null # c\nb: !!str", "a", "!!null", "b", "!!str"}},
		{"a: &x !!str # c\n  b\nc: d\n", []string{"a: &x !!str # c\n  b\nc: d", "a", "&x !!str # c\n  b", "c", "d"}},
		{"a: |\n  b\n\n  c\n\n\nd: e\n", []string{"a: |\n  b\n\n  c\n\n\nd: e", "a", "|\n  b\n\n  c", "d", "e"}},
		{"a: |+\n  b\n\n\nd: e\n", []string{"a: |+\n  b\n\n\nd: e", "a", "|+\n  b\n\n", "d", "e"}},
		{"a: |-\n  b\n  \nd: e\n", []string{"a: |-\n  b\n  \nd: e", "a", "|-\n  b", "d", "e"}},
		{"a: >2-\n   b\n  c\n# d\ne: f\n", []string{"a: >2-\n   b\n  c\n# d\ne: f", "a", ">2-\n   b\n  c", "e", "f"}},
		{"a: |1 # c\n  b\n c\nd: e\n", []string{"a: |1 # c\n  b\n c\nd: e", "a", "|1 # c\n  b\n c", "d", "e"}},
		{"a: |\n\n \n  b\nd: e\n", []string{"a: |\n\n \n  b\nd: e", "a", "|\n\n \n  b", "d", "e"}},
		{"a: |\n  b\n    \n  \nd: e\n", []string{"a: |\n  b\n    \n  \nd: e", "a", "|\n  b\n    ", "d", "e"}},
		{"a: |\nd: e\n", []string{"a: |\nd: e", "a", "|", "d", "e"}},
		{"a: |+\n\nd: e\n", []string{"a: |+\n\nd: e", "a", "|+\n", "d", "e"}},
		{"a: |\n  ", []string{"a: |", "a", "|"}},
		{"a: |+\n  b\n ", []string{"a: |+\n  b\n ", "a", "|+\n  b\n "}},
		{"- |\n a\n- - |\n   b\n  - |1\n    c\n", []string{"- |\n a\n- - |\n   b\n  - |1\n    c", "|\n a", "- |\n   b\n  - |1\n    c", "|\n   b", "|1\n    c"}},
		{"a:\n- |\n b\n- c\n", []string{"a:\n- |\n b\n- c", "a", "- |\n b\n- c", "|\n b", "c"}},
		{"--- |1\n a\n", []string{"|1\n a"}},
		{"--- |\n a\n b\n", []string{"|\n a\n b"}},
		{"--- |\na\nb\n", []string{"|\na\nb"}},
		{"--- |\na\n  b\nc\n", []string{"|\na\n  b\nc"}},
		{"--- |\na\n  ", []string{"|\na\n  "}},
		{"--- >\n a\n...\n", []string{">\n a"}},
		{"? a\n: b\n", []string{"? a\n: b", "a", "b"}},
		{"? |\n  a\n: |\n  b\nc: d\n", []string{"? |\n  a\n: |\n  b\nc: d", "|\n  a", "|\n  b", "c", "d"}},
		{"? |1\n  a\n: |1\n  b\nc: d\n", []string{"? |1\n  a\n: |1\n  b\nc: d", "|1\n  a", "|1\n  b", "c", "d"}},
		{"? a\n? b\n:\n", []string{"? a\n? b\n:", "a", "", "b", ""}},
		{"? - a\n: - b\n", []string{"? - a\n: - b", "- a", "a", "- b", "b"}},
		{": a\n", []string{": a", "", "a"}},
		{"[a: b, c: , ? d, : e, f]", []string{"[a: b, c: , ? d, : e, f]", "a: b", "a", "b", "c:", "c", "", "? d", "d", "", ": e", "", "e", "f"}},
		{"[{a: b}: c, &x {d: e}: f, [g]: h]", []string{"[{a: b}: c, &x {d: e}: f, [g]: h]", "{a: b}: c", "{a: b}", "a", "b", "c", "&x {d: e}: f", "&x {d: e}", "d", "e", "f", "[g]: h", "[g]", "g", "h"}},
		{"[a, # c ]\n b , c#d\n, ]", []string{"[a, # c ]\n b , c#d\n, ]", "a", "b", "c#d"}},
		{"{a, b: , c: d , ? e, ? f : g, }", []string{"{a, b: , c: d , ? e, ? f : g, }", "a", "", "b", "", "c", "d", "e", "", "f", "g"}},
		{"{\"a\":b, 'c' : d, \"e\" :f}", []string{"{\"a\":b, 'c' : d, \"e\" :f}", "\"a\"", "b", "'c'", "d", "\"e\"", "f"}},
		{"{\"a\"\n: b, c: # x\n d}", []string{"{\"a\"\n: b, c: # x\n d}", "\"a\"", "b", "c", "d"}},
		{"{a: !!null, b: &x, c: *x }", []string{"{a: !!null, b: &x, c: *x }", "a", "!!null", "b", "&x", "c", "*x"}},
		{"{}", []string{"{}"}},
		{"[ ]", []string{"[ ]"}},
		{"{ # c }\n}", []string{"{ # c }\n}"}},
		{"a: {b: [c, {d: e}]} # f\n", []string{"a: {b: [c, {d: e}]}", "a", "{b: [c, {d: e}]}", "b", "[c, {d: e}]", "c", "{d: e}", "d", "e"}},
		{"a: b\r\nc: |\r\n  d\r\n\r\ne: f\r\n", []string{"a: b\r\nc: |\r\n  d\r\n\r\ne: f", "a", "b", "c", "|\r\n  d", "e", "f"}},
		{"a: b\rc: |\r  d\re: f\r", []string{"a: b\rc: |\r  d\re: f", "a", "b", "c", "|\r  d", "e", "f"}},
		{"a: b\u0085c: d\u2028e: f\u2029g: h", []string{"a: b\u0085c: d\u2028e: f\u2029g: h", "a", "b", "c", "d", "e", "f", "g", "h"}},
		{"a: b # c\u0085d: e", []string{"a: b # c\u0085d: e", "a", "b", "d", "e"}},
		{"a: |\n  b\u0085  c\nd: e\n", []string{"a: |\n  b\u0085  c\nd: e", "a", "|\n  b\u0085  c", "d", "e"}},
		{"a: b\u0085  c\n", []string{"a: b\u0085  c", "a", "b\u0085  c"}},
		{"{a: b,\u0085c: d}", []string{"{a: b,\u0085c: d}", "a", "b", "c", "d"}},
		{"\ufeffa: b\n", []string{"a: b", "a", "b"}},
		{"ä: {ö: ü, ß: [é, 'ñ']} # ø\n", []string{"ä: {ö: ü, ß: [é, 'ñ']}", "ä", "{ö: ü, ß: [é, 'ñ']}", "ö", "ü", "ß", "[é, 'ñ']", "é", "'ñ'"}},
		{"%YAML 1.2\n---\na: b\n...\n", []string{"a: b", "a", "b"}},
		{"# c\n--- # d\na: b\n", []string{"a: b", "a", "b"}},
		{"---\ta\n", []string{"a"}},
		{"a\n---\tb\n...\t\nc", []string{"a", "b", "c"}},
		{"a:\tb\t# c\n", []string{"a:\tb", "a", "b"}},
		{"- \ta\n-\tb\n", []string{"- \ta\n-\tb", "a", "b"}},
		{"a: http://x/y?z=[1]{2}, &3 *4 !5\n", []string{"a: http://x/y?z=[1]{2}, &3 *4 !5", "a", "http://x/y?z=[1]{2}, &3 *4 !5"}},
		{"a: 'b\n  c'\nd: \"e\\\n  f\"\n", []string{"a: 'b\n  c'\nd: \"e\\\n  f\"", "a", "'b\n  c'", "d", "\"e\\\n  f\""}},
		{"a:\n  - b\n  -\n  - c: d\n    e:\n", []string{"a:\n  - b\n  -\n  - c: d\n    e:", "a", "- b\n  -\n  - c: d\n    e:", "b", "", "c: d\n    e:", "c", "d", "e", ""}},
		{"-\n-\n", []string{"-\n-", "", ""}},
		{"? # c\n  a\n# d\n: b\n", []string{"? # c\n  a\n# d\n: b", "a", "b"}},
		{"{a: b\u2028, c: 'd'\u0085}", []string{"{a: b\u2028, c: 'd'\u0085}", "a", "b", "c", "'d'"}},
		{"{\"a\": 1.50, \"b\": [true, null, -1e5], \"c\\\"\": \"\\u00e9\"}", []string{"{\"a\": 1.50, \"b\": [true, null, -1e5], \"c\\\"\": \"\\u00e9\"}", "\"a\"", "1.50", "\"b\"", "[true, null, -1e5]", "true", "null", "-1e5", "\"c\\\"\"", "\"\\u00e9\""}},
		{"{\"a\":{}}[1] {\"b\"\t:[]}", []string{"{\"a\":{}}", "\"a\"", "{}", "[1]", "1", "{\"b\"\t:[]}", "\"b\"", "[]"}},
		{"{\n\t\"a\": 1\n}", []string{"{\n\t\"a\": 1\n}", "\"a\"", "1"}},
		{"a: \"\\U0001F600\" \nb: 😀 x\n", []string{"a: \"\\U0001F600\" \nb: 😀 x", "a", "\"\\U0001F600\"", "b", "😀 x"}},
		{"{a: b}: c\n", []string{"{a: b}: c", "{a: b}", "a", "b", "c"}},
		{"[a]: b\n", []string{"[a]: b", "[a]", "a", "b"}},
		{"? [a]\n: b\n", []string{"? [a]\n: b", "[a]", "a", "b"}},
		{"<<: {a: b}\n", []string{"<<: {a: b}", "<<", "{a: b}", "a", "b"}},
		{"", nil},
		{"# c\n", nil},
		{"~", []string{"~"}},
	} {
		documents, problems := Parse(test.text)
		if len(problems) > 0 {
			t.Errorf("%q: got %v", test.text, problems)
		}
		var got []string
		for _, d := range documents {
			texts, problem := spans(d)
			if problem != nil {
				t.Errorf("%q: got %v", test.text, problem)
			}
			got = append(got, texts...)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("spans of %q differ (-want +got):\n%s", test.text, diff)
		}
	}
}
