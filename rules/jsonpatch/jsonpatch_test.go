package jsonpatch

import (
	"encoding/json"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Operations come in the order of their keys, escaped, each with the right
// verb, and the library of the API server applies them.
func TestAnnotate(t *testing.T) {
	set := []rules.Annotation{{Key: "a/b", Value: "1"}, {Key: "c~d", Value: "\"2\n"}, {Key: "e", Value: ""}}
	remove := []string{"b", "gone"}
	for _, test := range []struct {
		rule, document string
		target         Target
		want, after    string
	}{
		{
			"no metadata: it is added", `{}`,
			Target{},
			`[{"op":"add","path":"/metadata","value":{"annotations":{"a/b":"1","c~d":"\"2\n","e":""}}}]`,
			`{"metadata":{"annotations":{"a/b":"1","c~d":"\"2\n","e":""}}}`,
		},
		{
			"no annotations: they are added", `{"metadata":{"name":"x"}}`,
			Target{HasMetadata: true},
			`[{"op":"add","path":"/metadata/annotations","value":{"a/b":"1","c~d":"\"2\n","e":""}}]`,
			`{"metadata":{"annotations":{"a/b":"1","c~d":"\"2\n","e":""},"name":"x"}}`,
		},
		{
			"some: each key by itself, others stay", `{"spec":{"metadata":{"annotations":{"b":"x","c~d":"y","z":"kept"}}}}`,
			Target{Pointer: "/spec", HasMetadata: true, HasAnnotations: true, Annotations: map[string]string{"b": "x", "c~d": "y", "z": "kept"}},
			`[{"op":"add","path":"/spec/metadata/annotations/a~1b","value":"1"},{"op":"remove","path":"/spec/metadata/annotations/b"},` +
				`{"op":"replace","path":"/spec/metadata/annotations/c~0d","value":"\"2\n"},{"op":"add","path":"/spec/metadata/annotations/e","value":""}]`,
			`{"spec":{"metadata":{"annotations":{"a/b":"1","c~d":"\"2\n","e":"","z":"kept"}}}}`,
		},
	} {
		patch, err := json.Marshal(Annotate(test.target, set, remove))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(patch)); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.rule, diff)
		}
		decoded, err := jsonpatch.DecodePatch(patch)
		if err != nil {
			t.Fatal(err)
		}
		after, err := decoded.Apply([]byte(test.document))
		if err != nil {
			t.Fatalf("%s: %s does not apply: %v", test.rule, patch, err)
		}
		var want, got any
		if json.Unmarshal([]byte(test.after), &want) != nil || json.Unmarshal(after, &got) != nil {
			t.Fatalf("%s: got %s, want %s", test.rule, after, test.after)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: applied, -want +got\n%s", test.rule, diff)
		}
	}
	if got := Annotate(Target{HasMetadata: true}, nil, remove); got != nil {
		t.Errorf("got %v, want nothing where there is nothing to set or remove", got)
	}
}

// A patch that is appended is what the library writes, each time the same; a text that is no
// UTF-8 is an error.
func TestAppend(t *testing.T) {
	annotations := map[string]string{}
	for _, key := range "abcdefgh" {
		annotations[string(key)] = "\"\n\u00e9"
	}
	operations := []Operation{{"remove", "/a\"b", nil}, {"add", "/c", "\"\n\u00e9"}, {"add", "/d", annotations}}
	want, err := json.Marshal(operations)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if got, err := Append([]byte("behind "), operations); err != nil || string(got) != "behind "+string(want) {
			t.Fatalf("got %s and error %v, want %s", got, err, want)
		}
	}
	const broken = "\xff"
	for _, operation := range []Operation{{"remove", broken, nil}, {"add", "/a", broken}, {"add", "/a", map[string]string{"a": broken}}} {
		if got, err := Append(nil, []Operation{operation}); err == nil {
			t.Errorf("got %q and no error", got)
		}
	}
}

// A name is one step of a pointer whatever it holds.
func TestEscape(t *testing.T) {
	if got, want := Escape("a/b~1/~"), "a~1b~01~1~0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
