package yamltext

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

func rootOf(t *testing.T, text string) *yaml.Node {
	t.Helper()
	return parseOne(t, text).Root
}

// What a key means: the last of its name, what its alias stands for, or what
// the first merge that has it brings.
func TestGet(t *testing.T) {
	root := rootOf(t, `a: 1
a: 2
al: &al al
b: *al
*al : by alias
x: &x {k: x, m: x, <<: {n: inner, k: hidden}}
y: &y {k: y, l: y}
"<<": quoted
1: number
{c: d}: complex
<<: [*x, *y, {<<: *y, z: z}, [no], 5]
self: &self {<<: *self, k: v}
`)
	for key, want := range map[string]string{
		"a": "2", "b": "al", "al": "by alias", "k": "x", "m": "x", "l": "y", "n": "inner", "z": "z", "<<": "quoted", "1": "number",
		"": "", "c": "", "missing": "",
	} {
		got := ""
		if n := Get(root, key); n != nil {
			got = n.Value
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
	if n := Direct(root, "b"); n == nil || n.Kind != yaml.AliasNode {
		t.Errorf("got %v, want the alias", n)
	}
	if Direct(root, "k") != nil || Index(root, "k") != -1 || Index(root, "a") != 2 {
		t.Error("a merge brings nothing to Direct and Index, and the last key counts")
	}
	if got := Get(Get(root, "self"), "k"); got == nil || got.Value != "v" {
		t.Errorf("got %v of a mapping that merges itself, want v", got)
	}
	for _, n := range []*yaml.Node{nil, Get(root, "a"), Direct(root, "b"), {Kind: yaml.SequenceNode}} {
		if Get(n, "a") != nil || Direct(n, "a") != nil || Index(n, "a") != -1 || Merged(n) != nil {
			t.Errorf("got something of %v, which has no keys", n)
		}
		for key := range All(n) {
			t.Errorf("got the key %s of %v", key, n)
		}
	}
	if got := len(Merged(root)); got != 4 { // {n: inner}, *x, *y, {z: z}
		t.Errorf("got %d merged mappings, want each of 4 once", got)
	}
	var keys []string
	for key, value := range All(root) {
		keys = append(keys, key+"="+value.Value)
		if key == "1" {
			break
		}
	}
	if diff := cmp.Diff([]string{"a=1", "a=2", "al=al", "b=al", "al=by alias", "x=", "y=", "<<=quoted", "1=number"}, keys); diff != "" {
		t.Errorf("entries differ (-want +got):\n%s", diff)
	}
}

func TestKinds(t *testing.T) {
	root := rootOf(t, "- ~\n-\n- {}\n- ''\n- a: b\n- [<<: c]\n- &x\n- *x\n")
	var got []string
	for _, n := range root.Content {
		got = append(got, fmt.Sprint(IsNull(n), IsNull(Resolve(n)), IsFlow(n), len(n.Content) > 0 && IsMerge(n.Content[0])))
	}
	want := []string{
		"true true false false", "true true false false", "false false true false", "false false false false",
		"false false false false", "false false true false", "true true false false", "false true false false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differ (-want +got):\n%s", diff)
	}
	if IsNull(nil) || Resolve(nil) != nil {
		t.Error("nil is nothing")
	}
}

// A node is shared if an alias stands for it or for what it is in.
func TestIsShared(t *testing.T) {
	d := parseOne(t, "a: &a {b: &b [c], d: *b}\ne: *a\nf: g\n&k h: *k\n")
	var got []string
	for key, value := range All(d.Root) {
		got = append(got, fmt.Sprint(key, d.IsShared(value)))
		for inner, value := range All(value) {
			got = append(got, fmt.Sprint(inner, d.IsShared(value)))
		}
	}
	want := []string{"atrue", "btrue", "dtrue", "efalse", "ffalse", "hfalse"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differ (-want +got):\n%s", diff)
	}
	if c := Direct(d.Root, "a").Content[1].Content[0]; !d.IsShared(c) || !d.IsShared(d.Root.Content[6]) || d.IsShared(d.Root) || d.IsShared(nil) {
		t.Error("got an item of a shared list, or a shared key, as its own")
	}
	if empty, _ := First(""); empty.IsShared(nil) || empty.Unfolded() != 0 {
		t.Error("nothing is shared by nobody")
	}
}

// Sizes with every alias written out, without writing one out.
func TestUnfolded(t *testing.T) {
	deep := "a: &a0 xxxx\n"
	for i := 1; i < 100; i++ {
		deep += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	for text, want := range map[string]int{
		"abc":                           4,
		"[a, bc]":                       1 + 2 + 3,
		"a: b":                          1 + 2 + 2,
		"a: &x bcd\ne: *x\n":            1 + 2 + 4 + 2 + 4,
		"a: &x [bcd]\ne: [*x, *x]\n":    1 + 2 + 5 + 2 + 1 + 5 + 5,
		"a: &x [*x]\n":                  math.MaxInt,
		"a: &x [b]\nc: &x [*x, d]\n":    math.MaxInt, // the inner one
		"a: &x {b: &y [*x]}\nc: [*y]\n": math.MaxInt,
		deep:                            math.MaxInt,
	} {
		if got := parseOne(t, text).Unfolded(); got != want {
			t.Errorf("%.40q: got %d, want %d", text, got, want)
		}
	}
}

func countNodes(n *yaml.Node) int {
	count := 1
	for _, child := range n.Content {
		count += countNodes(child)
	}
	return count
}

// No text has more nodes than MostNodes says, its document counted.
func TestMostNodes(t *testing.T) {
	check := func(t interface{ Errorf(string, ...any) }, text string) {
		documents, _ := Parse(text)
		for _, d := range documents {
			if most := MostNodes(text); d.Root != nil && countNodes(d.Root)+1 > most {
				t.Errorf("%q: got at most %d nodes, want %d", text, most, countNodes(d.Root)+1)
			}
		}
	}
	for _, text := range []string{
		"a", "- - - a", "? ? ? a", "[[[]]]", "{{{}}}", "[a: b, c: d]", "{a, b}", "[? a]", "[?]", "[: a]", "{:}", ": a", "? a", "- ? a", "- a: b", "-", "[{a}, {b}]",
		"- a\r- b", "{\"a\":\"b\",\"c\":[1,2]}", "[\"a\":b]", "[a: ]",
	} {
		check(t, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, drawDocument(t))
		check(t, rapid.StringMatching(`[-a?:,{}\[\] \n"&*!]{0,20}`).Draw(t, "text"))
	})
	// It is no wild guess either.
	if got := MostNodes(strings.Repeat("a: b\n", 100)); got > 500 {
		t.Errorf("got %d for 100 keys, want less", got)
	}
	if got := MostNodes(strings.Repeat("x", 100)); got != 2 {
		t.Errorf("got %d for a word, want 2", got)
	}
}

// Scalars are written so that every reader takes them for the same text.
func TestScalars(t *testing.T) {
	for _, test := range []struct{ text, plain, single, double, json string }{
		{"a", `a`, `'a'`, `"a"`, `"a"`},
		{"a/b-c_d.e9", `a/b-c_d.e9`, `'a/b-c_d.e9'`, `"a/b-c_d.e9"`, `"a/b-c_d.e9"`},
		{"A", `A`, `'A'`, `"A"`, `"A"`},
		{"Z", `Z`, `'Z'`, `"Z"`, `"Z"`},
		{"9", `"9"`, `'9'`, `"9"`, `"9"`},
		{"a9:", `"a9:"`, `'a9:'`, `"a9:"`, `"a9:"`},
		{"z[", `"z["`, `'z['`, `"z["`, `"z["`},
		{"a@", `"a@"`, `'a@'`, `"a@"`, `"a@"`},
		{"a{", `"a{"`, `'a{'`, `"a{"`, `"a{"`},
		{"a`", "\"a`\"", "'a`'", "\"a`\"", "\"a`\""},
		{"YES", `"YES"`, `'YES'`, `"YES"`, `"YES"`},
		{"", `""`, `''`, `""`, `""`},
		{"it's", `"it's"`, `'it''s'`, `"it's"`, `"it's"`},
		{`"`, `'"'`, `'"'`, `"\""`, `"\""`},
		{`\'`, `"\\'"`, `'\'''`, `"\\'"`, `"\\'"`},
		{"<é>", `"<é>"`, `'<é>'`, `"<é>"`, `"<é>"`},
		{"\n\t\r", `"\n\t\r"`, `"\n\t\r"`, `"\n\t\r"`, `"\n\t\r"`},
		{"\x00\u00a0ÿ\u2028\ufeff\U000e0001", `"\x00\xa0ÿ\u2028\ufeff\U000e0001"`, `"\x00\xa0ÿ\u2028\ufeff\U000e0001"`, `"\x00\xa0ÿ\u2028\ufeff\U000e0001"`, "\"\\u0000\u00a0ÿ\\u2028\ufeff\U000e0001\""},
		{"\u00ff\u0100\uffff\ufffd", `"ÿĀ\uffff\ufffd"`, `"ÿĀ\uffff\ufffd"`, `"ÿĀ\uffff\ufffd"`, "\"ÿĀ\uffff\ufffd\""},
	} {
		got := []string{plainIfSafe.write(test.text), singleQuotes.write(test.text), doubleQuotes.write(test.text), jsonQuotes.write(test.text)}
		if diff := cmp.Diff([]string{test.plain, test.single, test.double, test.json}, got); diff != "" {
			t.Errorf("%q differs (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestScalarsMeanTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ToValidUTF8(rapid.String().Draw(t, "text"), "")
		for _, q := range []quoting{plainIfSafe, singleQuotes, doubleQuotes} {
			for _, around := range []string{"%s", "- %s", "{%s: x}", "%s: x"} {
				n := parseOne(t, fmt.Sprintf(around, q.write(text))).Root
				for len(n.Content) > 0 {
					n = n.Content[0]
				}
				if n.Value != text || n.Tag != "!!str" {
					t.Fatalf("%q: got %q (%s) of %s", text, n.Value, n.Tag, q.write(text))
				}
			}
		}
		if n := parseOne(t, "["+jsonQuotes.write(text)+"]").Root; n.Content[0].Value != text {
			t.Fatalf("%q: got %q of JSON", text, n.Content[0].Value)
		}
	})
}
