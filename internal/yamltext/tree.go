package yamltext

import (
	"iter"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Resolve returns what a node stands for: the target of an alias, else the
// node itself.
func Resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// Get returns the value of a key, aliases followed and merge keys obeyed; nil
// if there is none, also of nil or of what is no mapping.
func Get(n *yaml.Node, key string) *yaml.Node {
	if value := Direct(n, key); value != nil {
		return Resolve(value)
	}
	for _, m := range Merged(n) {
		if value := Direct(m, key); value != nil {
			return Resolve(value)
		}
	}
	return nil
}

// Direct returns the value that stands beside a key in the text, which may be
// an alias; nil if there is none.
func Direct(n *yaml.Node, key string) *yaml.Node {
	if i := Index(n, key); i >= 0 {
		return Resolve(n).Content[i+1]
	}
	return nil
}

// Index returns the place of a key in a mapping's Content, -1 if there is
// none. Of several it is the last, which readers let win.
func Index(n *yaml.Node, key string) int {
	if n = Resolve(n); n != nil && n.Kind == yaml.MappingNode {
		for i := len(n.Content) - 2; i >= 0; i -= 2 {
			if text, ok := keyText(n.Content[i]); ok && text == key {
				return i
			}
		}
	}
	return -1
}

// Merged returns the mappings that merge keys bring into a node, the first of
// those with a key counts. Each is there once, so that merges of merges cannot
// grow without bound.
func Merged(n *yaml.Node) []*yaml.Node {
	if n = Resolve(n); n == nil || !slices.ContainsFunc(n.Content, IsMerge) {
		return nil
	}
	var out []*yaml.Node
	seen := map[*yaml.Node]bool{}
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(n.Content); i += 2 {
			if !IsMerge(n.Content[i]) {
				continue
			}
			sources := []*yaml.Node{n.Content[i+1]}
			if sources[0].Kind == yaml.SequenceNode {
				sources = sources[0].Content
			}
			for _, source := range sources {
				source = Resolve(source)
				if source.Kind == yaml.MappingNode && !seen[source] {
					seen[source] = true
					out = append(out, source)
					visit(source)
				}
			}
		}
	}
	visit(n)
	return out
}

// IsMerge reports whether a node is the merge key "<<".
func IsMerge(n *yaml.Node) bool { return n.Tag == "!!merge" }

// IsNull reports whether a node is a null, written or not.
func IsNull(n *yaml.Node) bool {
	return n != nil && n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// IsFlow reports whether a mapping or sequence stands in braces or brackets.
func IsFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// isUnwritten reports whether a null is written as nothing at all.
func isUnwritten(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

func isBlockScalar(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// Unfolded returns about how many bytes the document would have with every
// alias written out, as [Unfolded] does.
func (d *Document) Unfolded() int {
	if d.Root == nil {
		return 0
	}
	return Unfolded(d.Root, map[*yaml.Node]int{})
}

// Unfolded returns about how many bytes a node would have with every alias
// written out: each node in it counts its text and one more. It looks at each
// node once, and at those with an anchor once for all calls with the same map;
// what is inside itself, or does not fit into an int, has math.MaxInt.
func Unfolded(n *yaml.Node, anchored map[*yaml.Node]int) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	size, known := anchored[n]
	if known {
		return size
	}
	if n.Anchor != "" {
		anchored[n] = math.MaxInt // until it is left: an alias inside means itself
	}
	size = len(n.Value) + 1
	for _, child := range n.Content {
		size += min(Unfolded(child, anchored), math.MaxInt-size)
	}
	if n.Anchor != "" {
		anchored[n] = size
	}
	return size
}

// All goes over the entries of a mapping whose keys are texts, in text order:
// merges are left out, aliases not followed. Of what is no mapping, and of
// nil, there are none.
func All(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(n.Content); i += 2 {
			if key, ok := keyText(n.Content[i]); ok && !yield(key, n.Content[i+1]) {
				return
			}
		}
	}
}

// keyText returns the text of a key; a merge key has none.
func keyText(key *yaml.Node) (text string, ok bool) {
	key = Resolve(key)
	return key.Value, key.Kind == yaml.ScalarNode && !IsMerge(key)
}

// MayAlias reports whether a text may hold an alias, found without parsing it.
// One begins where a value may.
func MayAlias(text string) bool {
	for at, c := range text {
		if c == '*' && (at == 0 || strings.IndexByte(" \t\r\n,:[{", text[at-1]) >= 0 || text[at-1] >= utf8.RuneSelf) {
			return true
		}
	}
	return false
}

// MostNodes returns how many nodes a text can have at the most, found without
// parsing it: an indicator or a line end stands for two of them at the most.
func MostNodes(text string) int {
	marks := 1
	for i := range len(text) {
		switch text[i] {
		case ',', ':', '-', '?', '[', '{', '\n', '\r':
			marks++
		}
	}
	return 2 * marks
}

// IsUnrendered reports whether a mapping is "{{ ... }}" of a template that
// nobody rendered. YAML reads that as a mapping whose key is a mapping, so it
// would take more keys, and the template would be broken.
func IsUnrendered(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.MappingNode {
			return true
		}
	}
	return false
}
