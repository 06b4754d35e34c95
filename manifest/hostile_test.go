package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// Texts that are small and mean much: none may take long or end badly.
func TestHostileTexts(t *testing.T) {
	merges := "kind: Deployment\nm0: &m0 {a: 1}\n"
	for i := 1; i < 40; i++ {
		merges += fmt.Sprintf("m%d: &m%d {<<: [*m%d, *m%d, *m%d]}\n", i, i, i-1, i-1, i-1)
	}
	lists := "kind: List\nitems:\n- &l0 {kind: Pod}\n"
	for i := 1; i < 40; i++ {
		lists += fmt.Sprintf("- &l%d {kind: List, items: [*l%d, *l%d]}\n", i, i-1, i-1)
	}
	for name, text := range map[string]string{
		"nested flow":      strings.Repeat("{a: ", 1000) + "1" + strings.Repeat("}", 1000),
		"deeper flow":      strings.Repeat("[", 100000),
		"aliases":          "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nkind: Deployment\nspec: {template: {spec: {containers: *e}}}\n",
		"merges":           merges + "spec:\n  template:\n    metadata:\n      annotations: {<<: *m39}\n    spec: {containers: []}\n",
		"a list in itself": "kind: List\nitems:\n- &x {kind: List, items: [*x, {kind: Pod}]}\n",
		"its own items":    "kind: List\nitems: &i [{kind: List, items: *i}]\n",
		"lists of lists":   lists,
		"one long line":    "{kind: List, items: [" + strings.Repeat("{kind: Pod, metadata: {name: é}}, ", 5000) + "]}",
		"an alias to self": "kind: Deployment\nspec: &s\n  template: *s\n  spec:\n    containers: []\n",
		"a merge of self":  "kind: Pod\nmetadata: &m\n  <<: *m\n  annotations: &a {<<: *a}\n",
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("test.yaml", []byte(text))
			if err != nil {
				return
			}
			if out, err := f.Apply(everywhere(f, goldenEdit)); err != nil && out != nil {
				t.Errorf("got a text and the error %v, want one of them", err)
			}
		})
	}
}
