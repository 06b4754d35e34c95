package manifest

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Apply returns the text with edits made; edits[i] is for Templates()[i] (a
// shorter slice leaves the rest alone). Every byte outside the edited
// annotations stays as it was. Where an edit cannot be made without changing
// something else, as in annotations that several templates share by an
// anchor, it returns an *Error for each, joined, and no text.
func (f *File) Apply(edits []Edit) ([]byte, error) {
	var splices []splice
	var problems []error
	changed := map[*document]bool{}
	for i, t := range f.templates {
		if i >= len(edits) {
			break
		}
		e := &editor{extent: extent{document: t.document}, template: t}
		e.edit(edits[i])
		if e.err != nil {
			problems = append(problems, e.err)
			continue
		}
		if len(e.splices) > 0 {
			changed[t.document] = true
			splices = append(splices, e.splices...)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if len(splices) == 0 {
		return slices.Clone(f.data), nil
	}
	slices.SortStableFunc(splices, func(a, b splice) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return a.end - b.end
	})
	out, err := f.verified(splices, changed, edits)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// spliced returns the text from start to end with the splices in it made.
func (f *File) spliced(splices []splice, start, end int) (string, bool) {
	var b strings.Builder
	at := start
	for _, s := range splices {
		if s.start < at || s.end < s.start || s.end > end {
			return "", false
		}
		b.Write(f.data[at:s.start])
		b.WriteString(s.text)
		at = s.end
	}
	b.Write(f.data[at:end])
	return b.String(), true
}

// isReferenced says whether an alias stands for the node.
func (d *document) isReferenced(n *yaml.Node) bool {
	if d.referenced == nil {
		d.referenced = map[*yaml.Node]bool{}
		d.collectAliases(d.root)
	}
	return d.referenced[n]
}

func (d *document) collectAliases(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		d.referenced[n.Alias] = true
		return
	}
	for _, child := range n.Content {
		d.collectAliases(child)
	}
}
