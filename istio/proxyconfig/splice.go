package proxyconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// way is how an edit is made. The first whose result decodes as it should is
// taken.
type way int

const (
	// inPlace changes values where they stand and adds keys behind the last.
	inPlace way = iota
	// inFront adds keys before the first: what stands last may be a scalar
	// that would swallow a further line.
	inFront
	// ownCopy adds a field that is there already once more, complete, at the
	// end, where it counts: the first may be shared by an alias or come from a
	// merge.
	ownCopy
)

// splice replaces the text between two offsets.
type splice struct {
	at, end int
	text    string
}

// apply makes splices that do not overlap. At one offset insertions come
// before what is replaced there.
func (l *layout) apply(splices []splice) (string, error) {
	slices.SortStableFunc(splices, func(a, b splice) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.end, b.end))
	})
	var text strings.Builder
	last := 0
	for _, s := range splices {
		if s.at < last || s.end < s.at || s.end > len(l.text) {
			return "", fmt.Errorf("%w: edits overlap", errLayout)
		}
		text.WriteString(l.text[last:s.at])
		text.WriteString(s.text)
		last = s.end
	}
	text.WriteString(l.text[last:])
	return text.String(), nil
}

// edit makes a change one way.
func (l *layout) edit(v *view, delta change, way way) (string, error) {
	var splices []splice
	var err error
	switch {
	case l.root == nil || l.root.Kind == yaml.ScalarNode:
		splices, err = l.fillRoot(v, delta, way)
	case l.root.Kind != yaml.MappingNode:
		err = errLayout
	default:
		splices, err = l.editRoot(v, delta, way)
	}
	if err != nil {
		return "", err
	}
	return l.apply(splices)
}

// fillRoot edits a text that holds no field: comments, markers, a null.
func (l *layout) fillRoot(v *view, delta change, way way) ([]splice, error) {
	if l.root != nil && l.root.Value != "" {
		at := l.start(l.root)
		end, err := l.end(l.root, -1)
		return []splice{{at, end, flowMapping(rootFields(v, delta), flowStyle{quoteKeys: true, space: " "})}}, err
	}
	lines := strings.Join(rootLines(v, delta, "", "  "), l.eol) + l.eol
	at := len(l.text)
	if way != inPlace && l.root != nil {
		at = l.lineStart(l.start(l.root))
	} else if l.lineStart(at) != at {
		lines = l.eol + lines
	}
	return []splice{{at, at, lines}}, nil
}

// editRoot edits a text whose root is a mapping.
func (l *layout) editRoot(v *view, delta change, way way) ([]splice, error) {
	root := mapping{layout: l, node: l.root, indent: -1}
	var splices []splice
	var missing []field
	if entry := l.find(v.drainField); delta.drain != "" {
		if entry == nil || way == ownCopy {
			missing = append(missing, field{name: v.drainField, value: quoted(delta.drain)})
		} else {
			s, err := root.replace(entry, quoted(delta.drain))
			if err != nil {
				return nil, err
			}
			splices = append(splices, s)
		}
	}
	if len(delta.set) > 0 || len(delta.remove) > 0 {
		_, decoded := v.fields[v.metadataField]
		switch entry := l.find(v.metadataField); {
		case way == ownCopy, entry == nil && decoded:
			missing = append(missing, metadataField(v, delta.result))
		case entry == nil:
			missing = append(missing, metadataField(v, delta.set))
		default:
			inner, err := root.editInner(entry, delta, way)
			if err != nil {
				return nil, err
			}
			splices = append(splices, inner...)
		}
	}
	added, err := root.add(missing, nil, way)
	return append(splices, added...), err
}

// editInner changes the keys of an entry's mapping, which may be null, an
// alias or empty.
func (m mapping) editInner(entry *entry, delta change, way way) ([]splice, error) {
	l := m.layout
	var fields []field
	for _, key := range delta.setKeys {
		fields = append(fields, field{name: key, value: quoted(delta.set[key])})
	}
	switch entry.value.Kind {
	case yaml.MappingNode:
		inner := mapping{layout: l, node: entry.value, indent: m.column(entry), style: m.flowStyle()}
		return inner.edit(fields, delta, way)
	case yaml.AliasNode:
		fields = append([]field{{name: "<<", value: "*" + entry.value.Value}}, fields...)
		s, err := m.replace(entry, flowMapping(fields, flowStyle{space: " "}))
		return []splice{s}, err
	case yaml.ScalarNode:
		at := l.start(entry.value)
		if entry.value.Value == "" && !m.isFlow() && m.entriesEnd(at) {
			indent := m.linePrefix(entry) + m.step()
			return []splice{{l.lineEnd(at), l.lineEnd(at), l.eol + strings.Join(blockLines(fields, indent), l.eol)}}, nil
		}
		s, err := m.replace(entry, flowMapping(fields, m.flowStyle()))
		return []splice{s}, err
	}
	return nil, errLayout
}

// edit changes keys that are there, removes others and adds the rest.
func (m mapping) edit(fields []field, delta change, way way) ([]splice, error) {
	var splices []splice
	var missing []field
	entries := entriesOf(m.node)
	for _, f := range fields {
		entry := lastEntry(entries, f.name)
		if entry == nil {
			missing = append(missing, f)
			continue
		}
		s, err := m.replace(entry, f.value)
		if err != nil {
			return nil, err
		}
		splices = append(splices, s)
	}
	gone := make(map[*yaml.Node]bool, len(delta.remove))
	for _, entry := range entries {
		if entry.key.Kind == yaml.ScalarNode && slices.Contains(delta.remove, entry.key.Value) {
			gone[entry.key] = true
		}
	}
	removed, err := m.remove(gone)
	if err != nil {
		return nil, err
	}
	added, err := m.add(missing, gone, way)
	return slices.Concat(splices, removed, added), err
}
