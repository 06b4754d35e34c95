package yamltext

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Entry is a key of a mapping with what it is to hold.
type Entry struct {
	Key     string
	Text    string  // the value, a string, unless one of the others is given
	Entries []Entry // not nil: the value is a mapping of these
	Alias   string  // the value is *Alias
}

const mergeKey = "<<"

// Style is how an Edit writes where neighbours leave a choice. The zero Style
// writes as people do.
type Style struct {
	// Quoted puts every new value in double quotes, on one line, and leaves
	// the keys of a block plain. Else keys are quoted as their neighbours are, a
	// value is plain where every reader takes that for a string, and a literal
	// block where it has several lines.
	Quoted bool
	// Braces fills a value that is written as nothing ({}, ~) where it
	// stands. Else its entries become lines of a block.
	Braces bool
	// Step is how many spaces deeper a new block is indented where no
	// neighbour tells; 0 means 2.
	Step int
}

// Edit collects changes of one document. The first one that cannot be made is
// its error, and then nothing is changed. A mapping is changed by one call of
// Set, Fill or Insert.
type Edit struct {
	extent
	style   Style
	splices []splice
	inlined map[*yaml.Node]bool
}

// splice replaces the text from start to end.
type splice struct {
	start, end int
	text       string
}

// Edit begins an edit of the document, for Apply.
func (d *Document) Edit(style Style) *Edit {
	return &Edit{extent: extent{Document: d}, style: style}
}

// Problem returns the first change that cannot be made; nil if all can.
func (e *Edit) Problem() *Error { return e.err }

// IsEmpty reports whether the edit changes nothing.
func (e *Edit) IsEmpty() bool { return len(e.splices) == 0 }

// Refuse makes a node's way of being written the edit's error, unless it has
// one.
func (e *Edit) Refuse(n *yaml.Node, format string, args ...any) {
	if e.err == nil {
		e.err = e.Errorf(n, format, args...)
	}
}

func (e *Edit) splice(start, end int, text string) {
	e.splices = append(e.splices, splice{start, end, text})
}

// Apply returns the document's text with the changes of its edits made. What
// one edit adds at a place comes before what a later one adds there. Edits
// that overlap are an error.
func (d *Document) Apply(edits ...*Edit) (string, *Error) {
	var splices []splice
	for _, e := range edits {
		if e.err != nil {
			return "", e.err
		}
		splices = append(splices, e.splices...)
	}
	slices.SortStableFunc(splices, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	var b strings.Builder
	at := 0
	for _, s := range splices {
		if s.start < at || s.end < s.start || s.end > len(d.Text) {
			return "", d.errorAt(min(s.start, len(d.Text)), "two edits of this document overlap; nothing was changed")
		}
		b.WriteString(d.Text[at:s.start])
		b.WriteString(s.text)
		at = s.end
	}
	b.WriteString(d.Text[at:])
	return b.String(), nil
}

// Set changes a mapping that has entries: those with a key that is there get
// the new text, in the style of the old one; the others are added behind the
// last. Keys to remove go with their lines; comments stay. A key that is both
// set and removed is set.
func (e *Edit) Set(m *yaml.Node, entries []Entry, remove []string) {
	if m.Kind != yaml.MappingNode || len(m.Content) == 0 {
		e.Refuse(m, "got no entries, want a mapping with some")
		return
	}
	if e.IsShared(m) && !e.inlined[m] {
		e.Refuse(m, "got a mapping that its anchor &%s shares, so a change would show elsewhere too; write it out where *%s is used", m.Anchor, m.Anchor)
		return
	}
	last := map[string]int{} // of several equal keys the last counts
	for i := 0; i+1 < len(m.Content); i += 2 {
		last[Resolve(m.Content[i]).Value] = i
	}
	c := changes{remove: map[string]bool{}}
	for _, key := range remove {
		c.remove[key] = true
	}
	for _, entry := range entries {
		delete(c.remove, entry.Key)
		if i, ok := last[entry.Key]; ok {
			c.replaced = append(c.replaced, replacement{m.Content[i], m.Content[i+1], entry.Text})
			continue
		}
		c.added = append(c.added, entry)
	}
	if IsFlow(m) {
		e.setFlow(m, c)
	} else {
		e.setBlock(m, c)
	}
}

// changes is what Set comes to for one mapping.
type changes struct {
	replaced []replacement
	added    []Entry
	remove   map[string]bool
}

// replacement gives a value another text.
type replacement struct {
	key, value *yaml.Node
	text       string
}

// removes reports whether the entry at an index of a mapping's Content goes.
func (c changes) removes(m *yaml.Node, i int) bool { return c.remove[Resolve(m.Content[i]).Value] }

// mayReplace reports whether a value can be written anew without touching
// what stands elsewhere.
func (e *Edit) mayReplace(value *yaml.Node) bool {
	switch {
	case value.Kind == yaml.AliasNode: // the alias goes, what it stands for stays
	case value.Kind != yaml.ScalarNode:
		e.Refuse(value, "got a value that is no text, want one")
	case e.IsShared(value) && !e.inlined[value]:
		e.Refuse(value, "got a value that its anchor &%s shares, so a change would show elsewhere too; write it out where *%s is used", value.Anchor, value.Anchor)
	}
	return e.err == nil
}

// Inline writes out every alias of a node, so that the node can be changed
// without a change elsewhere.
func (e *Edit) Inline(n *yaml.Node) {
	if !e.IsShared(n) || e.inlined[n] {
		return
	}
	const most = 64 << 10
	text := e.flowText(n)
	for alias := range aliases(e.Root) {
		if alias.Alias != n {
			continue
		}
		at := e.at(alias)
		if e.splice(at, e.end(alias, -1), text); len(e.splices)*len(text) > most {
			e.Refuse(n, "got an anchor &%s that is used too often to write it out everywhere; write it out here", n.Anchor)
			return
		}
	}
	if e.inlined == nil {
		e.inlined = map[*yaml.Node]bool{}
	}
	e.inlined[n] = true
}

// flowText writes a node on one line, without aliases of its own.
func (e *Edit) flowText(n *yaml.Node) string {
	var texts []string
	switch n.Kind {
	case yaml.ScalarNode:
		if n.ShortTag() == "!!str" {
			return escaped(n.Value)
		}
		return cmp.Or(n.Value, "null")
	case yaml.SequenceNode:
		for _, child := range n.Content {
			texts = append(texts, e.flowText(child))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			texts = append(texts, e.flowText(n.Content[i])+": "+e.flowText(n.Content[i+1]))
		}
		return "{" + strings.Join(texts, ", ") + "}"
	}
	e.Refuse(n, "got an alias inside of an anchor that is to be written out; write it out here")
	return ""
}
