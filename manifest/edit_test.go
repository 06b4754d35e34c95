package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Rare layouts, each with the text afterwards or why there is none.
func TestRareLayouts(t *testing.T) {
	removed := Edit{Remove: []string{"a"}}
	for _, test := range []struct {
		rule, in string
		edit     Edit
		want     string
	}{
		{
			"an alias may lose all that it stands for", "kind: Pod\nx: &x {a: b}\nmetadata:\n  annotations: *x\n", removed,
			"kind: Pod\nx: &x {a: b}\nmetadata:\n  annotations: {}\n",
		},
		{
			"so may a mapping with an anchor", "kind: Pod\nmetadata:\n  annotations: &x\n    a: b\n", removed,
			"kind: Pod\nmetadata:\n  annotations: &x {}\n",
		},
		{
			"a line of a text is no comment, whatever it begins with", "kind: Pod\ndata: |\n  # x\nspec: {}\n",
			Edit{Set: []rules.Annotation{{Key: "a", Value: "b"}}},
			"kind: Pod\ndata: |\n  # x\nmetadata:\n  annotations:\n    a: b\nspec: {}\n",
		},
		{
			"no alias loses its anchor", "kind: Pod\nmetadata:\n  annotations:\n    a: &x b\n    c: *x\n", removed,
			"f:4:8: got an anchor &x that cannot be removed, because *x is used elsewhere; write it out there",
		},
		{
			"no comment becomes a part of a text", "kind: Pod\nmetadata:\n  annotations:\n    c: |\n      d\n    a: b\n      # c\n", removed,
			"f:6:5: got blank lines or a comment behind the key a that would become a part of the text above it; remove them",
		},
		{
			"a text keeps its last line end", "kind: Pod\nmetadata:\n  annotations:\n    c: |\n      d\n    a: b", removed,
			"kind: Pod\nmetadata:\n  annotations:\n    c: |\n      d\n",
		},
	} {
		f, err := Parse("f", []byte(test.in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Apply([]Edit{test.edit})
		if err != nil {
			got = []byte(err.Error())
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.rule, diff)
		}
	}
}
