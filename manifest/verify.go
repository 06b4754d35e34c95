package manifest

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// verify reads an edited document and compares it with what was meant.
// Whatever the edits' code did not think of ends here.
func verify(d *yamltext.Document, text string, templates []*template, edits []Edit) *yamltext.Error {
	after, err := Parse("", []byte(text))
	if err != nil {
		return d.Errorf(nil, "the edit would break the document that begins here (%v); nothing was changed", err)
	}
	broken := func(n *yaml.Node, line int) *yamltext.Error {
		return d.Errorf(n, "the edit would change more than annotations in the object of line %d; nothing was changed: write its annotations in a plainer form", line)
	}
	if len(after.documents) != 1 || len(after.templates) != len(templates) {
		line, _ := d.Position(nil)
		return broken(nil, line)
	}
	edited := comparison{}
	for i, t := range templates[:min(len(edits), len(templates))] {
		edited[t.root] = true
		want := map[string]string{}
		if c := changeOf(annotationsOf(t.root), edits[i]); c.isEmpty() {
			want = t.Pod.Annotations
		} else {
			for _, a := range c.all {
				want[a.Key] = a.Value
			}
		}
		if !maps.Equal(after.templates[i].Pod.Annotations, want) {
			return broken(t.root, t.Line)
		}
	}
	if !edited.same(d.Root, after.documents[0].Root) {
		line, _ := d.Position(nil)
		return broken(nil, line)
	}
	return nil
}

// comparison compares a document with its edited self. It holds the templates
// whose annotations may differ.
type comparison map[*yaml.Node]bool

// same compares nodes, edited annotations aside.
func (c comparison) same(old, new *yaml.Node) bool {
	if old.Kind != new.Kind || old.Tag != new.Tag || old.Value != new.Value || old.Anchor != new.Anchor {
		return false
	}
	if old.Kind == yaml.AliasNode {
		// Each target is compared where it stands.
		return old.Alias.Anchor == new.Alias.Anchor
	}
	if c[old] {
		return c.sameExcept(old, new, "metadata", func(old, new *yaml.Node) bool {
			old, new = orEmpty(old), orEmpty(new)
			return old.Kind == new.Kind && c.sameExcept(old, new, "annotations", func(_, new *yaml.Node) bool {
				return orEmpty(new).Kind == yaml.MappingNode
			})
		})
	}
	return slices.EqualFunc(old.Content, new.Content, c.same)
}

// orEmpty returns an empty mapping for null and for nothing.
func orEmpty(n *yaml.Node) *yaml.Node {
	if n == nil || yamltext.IsNull(n) {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return n
}

// sameExcept compares the entries of two mappings in order, and the values of
// one key by a function of their own.
func (c comparison) sameExcept(old, new *yaml.Node, key string, compare func(old, new *yaml.Node) bool) bool {
	if old.Kind != yaml.MappingNode || new.Kind != yaml.MappingNode {
		return false
	}
	a, oldValue := without(old, key)
	b, newValue := without(new, key)
	return compare(oldValue, newValue) && slices.EqualFunc(a, b, c.same)
}

func without(n *yaml.Node, key string) ([]*yaml.Node, *yaml.Node) {
	i := yamltext.Index(n, key)
	if i < 0 {
		return n.Content, nil
	}
	return slices.Concat(n.Content[:i], n.Content[i+2:]), n.Content[i+1]
}
