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
	Text    string  // the value, a string
	Plain   string  // unless empty: the value is no string but this: true, 5
	Entries []Entry // unless nil: the value is a mapping of these instead
	Merge   string  // unless empty: no key, but a merge of what this anchor names
}

// MergeKey brings the entries of other mappings into one.
const MergeKey = "<<"

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
// its problem, and then nothing is changed. A mapping is changed by one Set or
// Insert; Fill and Empty of its keys may go with it, and so may Inline.
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
	rank       int // one of rank 1 is left out where one of rank 0 replaces the same text
}

// Edit begins an edit of the document, for Apply.
func (d *Document) Edit(style Style) *Edit {
	return &Edit{extent: extent{Document: d}, style: style}
}

// Problem returns the first change that cannot be made; nil if all can.
func (e *Edit) Problem() *Error { return e.err }

// IsEmpty reports whether the edit changes nothing.
func (e *Edit) IsEmpty() bool { return len(e.splices) == 0 }

// Refuse makes how a node is written the edit's problem, unless it has one.
func (e *Edit) Refuse(n *yaml.Node, format string, args ...any) {
	if e.err == nil {
		e.err = e.Errorf(n, format, args...)
	}
}

func (e *Edit) splice(start, end int, text string) {
	e.splices = append(e.splices, splice{start: start, end: end, text: text})
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
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end), cmp.Compare(a.rank, b.rank))
	})
	var b strings.Builder
	at := 0
	for _, s := range splices {
		switch {
		case s.rank > 0 && s.end <= at:
			continue
		case s.start < at || s.end < s.start || s.end > len(d.Text):
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
// last. Keys to remove go with their values, MergeKey with all merges; what is
// commented behind them stays. A key that is both set and removed is set, and
// of several equal keys the last is.
func (e *Edit) Set(m *yaml.Node, entries []Entry, remove []string) {
	if !e.mayChange(m) {
		return
	}
	last := map[string]int{}
	for i := 0; i < len(m.Content); i += 2 {
		if key, ok := keyText(m.Content[i]); ok {
			last[key] = i
		}
	}
	c := changes{replaced: map[int]string{}, remove: map[string]bool{}}
	for _, key := range remove {
		c.remove[key] = true
	}
	for _, entry := range entries {
		delete(c.remove, entry.Key)
		switch i, ok := last[entry.Key]; {
		case !ok || entry.Merge != "":
			c.added = append(c.added, entry)
		case i < 0 || entry.Entries != nil || entry.Plain != "":
			e.Refuse(m, "got the key %s twice, or more than a text for a key that is there", entry.Key)
		default:
			c.replaced[i] = entry.Text
		}
		if entry.Merge == "" {
			last[entry.Key] = -1
		}
	}
	if e.err != nil {
		return
	}
	if IsFlow(m) {
		e.setFlow(m, c)
	} else {
		e.setBlock(m, c)
	}
}

// changes is what Set comes to for one mapping.
type changes struct {
	replaced map[int]string // by the key's index in the mapping's Content
	added    []Entry
	remove   map[string]bool
}

// removes reports whether the entry at an index of a mapping's Content goes.
func (c changes) removes(m *yaml.Node, i int) bool {
	key := Resolve(m.Content[i])
	return key.Kind == yaml.ScalarNode && c.remove[key.Value]
}

// lastKept returns the index of the last entry of a mapping that stays; -1 if
// none does.
func (c changes) lastKept(m *yaml.Node) int {
	for i := len(m.Content) - 2; i >= 0; i -= 2 {
		if !c.removes(m, i) {
			return i
		}
	}
	return -1
}

// mayChange reports whether entries can be set in a mapping and added to it.
func (e *Edit) mayChange(m *yaml.Node) bool {
	switch {
	case m.Kind != yaml.MappingNode || len(m.Content) == 0:
		e.Refuse(m, "got no entries, want a mapping with some")
	case IsFlow(m) && !e.hasBrackets(m):
		e.Refuse(m, "got a pair without braces in a list, want braces around it")
	default:
		e.own(m, "mapping")
	}
	return e.err == nil
}

// mayReplace reports whether a value can be written anew without touching
// what stands elsewhere.
func (e *Edit) mayReplace(value *yaml.Node) bool {
	switch value.Kind {
	case yaml.AliasNode: // it goes, what it stands for stays
	case yaml.ScalarNode:
		e.own(value, "value")
	default:
		e.Refuse(value, "got a value that is no text, want one")
	}
	return e.err == nil
}
