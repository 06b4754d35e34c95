package manifest

import (
	"slices"

	"go.yaml.in/yaml/v4"
)

// verified makes the splices, reads the result and compares it with what was
// meant. Whatever the edits' code did not think of ends here.
func (f *File) verified(splices []splice, changed map[*document]bool, edits []Edit) ([]byte, error) {
	byDocument := map[*document][]splice{}
	for _, s := range splices {
		i := slices.IndexFunc(f.documents, func(d *document) bool { return d.start <= s.start && s.end <= d.end && changed[d] })
		if i < 0 {
			return nil, f.errorAt(s.start, "the edit would change text outside of its document; nothing was changed")
		}
		byDocument[f.documents[i]] = append(byDocument[f.documents[i]], s)
	}
	var out []byte
	at, first := 0, 0
	for _, d := range f.documents {
		count := 0
		for first+count < len(f.templates) && f.templates[first+count].document == d {
			count++
		}
		if changed[d] {
			text, ok := f.spliced(byDocument[d], d.start, d.end)
			if !ok {
				return nil, f.errorAt(d.start, "two edits of this document overlap; nothing was changed")
			}
			c := comparison{}
			if err := c.document(d, text, f.templates[first:first+count], edits[min(first, len(edits)):]); err != nil {
				return nil, err
			}
			out = append(append(out, f.data[at:d.start]...), text...)
			at = d.end
		}
		first += count
	}
	return append(out, f.data[at:]...), nil
}

// comparison compares a document with its edited self.
type comparison struct {
	edited map[*yaml.Node]bool // template mappings whose annotations may differ
}

func (c *comparison) document(d *document, text string, templates []*template, edits []Edit) error {
	line := d.file.line(d.start) + 1
	after, err := Parse(d.file.name, []byte(text))
	if err != nil {
		return d.file.errorAt(d.start, "the edit would break the document that begins here (%v); nothing was changed", err)
	}
	broken := func(t *template) error {
		offset := d.start
		if t != nil {
			line, offset = t.Line, d.at(t.root)
		}
		return d.file.errorAt(offset, "the edit would change more than annotations in the object of line %d; nothing was changed: write its annotations in a plainer form", line)
	}
	if len(after.documents) != 1 || len(after.templates) != len(templates) {
		return broken(nil)
	}
	c.edited = map[*yaml.Node]bool{}
	for i, t := range templates {
		if i >= len(edits) {
			break
		}
		c.edited[t.root] = true
		want := map[string]string{}
		for _, a := range changeOf(get(get(t.root, "metadata"), "annotations"), edits[i]).all {
			want[a.Key] = a.Value
		}
		if changeOf(get(get(t.root, "metadata"), "annotations"), edits[i]).empty() {
			want = t.Pod.Annotations
		}
		got := after.templates[i].Pod.Annotations
		if len(got) != len(want) {
			return broken(t)
		}
		for key, value := range want {
			if v, ok := got[key]; !ok || v != value {
				return broken(t)
			}
		}
	}
	if !c.same(d.root, after.documents[0].root) {
		return broken(nil)
	}
	return nil
}

// same compares nodes, edited annotations aside.
func (c *comparison) same(old, new *yaml.Node) bool {
	if old.Kind != new.Kind || old.Tag != new.Tag || old.Value != new.Value || old.Anchor != new.Anchor {
		return false
	}
	if old.Kind == yaml.AliasNode {
		// Each target is compared where it stands.
		return old.Alias.Anchor == new.Alias.Anchor
	}
	if c.edited[old] {
		return c.sameExcept(old, new, "metadata", func(old, new *yaml.Node) bool {
			old, new = orEmpty(old), orEmpty(new)
			return old.Kind == new.Kind && c.sameExcept(old, new, "annotations", func(_, new *yaml.Node) bool {
				return orEmpty(new).Kind == yaml.MappingNode
			})
		})
	}
	if len(old.Content) != len(new.Content) {
		return false
	}
	for i := range old.Content {
		if !c.same(old.Content[i], new.Content[i]) {
			return false
		}
	}
	return true
}

// orEmpty returns an empty mapping for null and for nothing.
func orEmpty(n *yaml.Node) *yaml.Node {
	if n == nil || isNull(n) {
		return &yaml.Node{Kind: yaml.MappingNode}
	}
	return n
}

// sameExcept compares the entries of two mappings in order, and the values of
// one key by a function of their own.
func (c *comparison) sameExcept(old, new *yaml.Node, key string, compare func(old, new *yaml.Node) bool) bool {
	if old.Kind != yaml.MappingNode || new.Kind != yaml.MappingNode {
		return false
	}
	a, oldValue := without(old, key)
	b, newValue := without(new, key)
	if len(a) != len(b) || !compare(oldValue, newValue) {
		return false
	}
	for i := range a {
		if !c.same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func without(n *yaml.Node, key string) ([]*yaml.Node, *yaml.Node) {
	i := indexOf(n, key)
	if i < 0 {
		return n.Content, nil
	}
	return slices.Concat(n.Content[:i], n.Content[i+2:]), n.Content[i+1]
}
