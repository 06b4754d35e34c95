package proxyconfig

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// field is a key to write. value is YAML text, or nested are the fields of its
// mapping.
type field struct {
	name   string
	value  string
	nested []field
}

// metadataField is proxyMetadata with these values.
func metadataField(v *view, values map[string]string) field {
	f := field{name: v.metadataField, nested: []field{}}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		f.nested = append(f.nested, field{name: key, value: quoted(values[key])})
	}
	return f
}

// rootFields are the fields that a text without any gets, sorted.
func rootFields(v *view, delta change) []field {
	var fields []field
	if delta.drain != "" {
		fields = append(fields, field{name: v.drainField, value: quoted(delta.drain)})
	}
	if len(delta.set) > 0 {
		fields = append(fields, metadataField(v, delta.set))
	}
	return fields
}

func rootLines(v *view, delta change, indent, step string) []string {
	return blockLinesStep(rootFields(v, delta), indent, step)
}

// blockLines writes fields without nested ones in block style.
func blockLines(fields []field, indent string) []string {
	return blockLinesStep(fields, indent, "")
}

func blockLinesStep(fields []field, indent, step string) []string {
	lines := make([]string, 0, len(fields))
	for _, f := range fields {
		switch {
		case f.nested == nil:
			lines = append(lines, indent+plainName(f.name)+": "+f.value)
		case len(f.nested) == 0:
			lines = append(lines, indent+plainName(f.name)+": {}")
		default:
			lines = append(lines, indent+plainName(f.name)+":")
			lines = append(lines, blockLinesStep(f.nested, indent+step, step)...)
		}
	}
	return lines
}

// plainName quotes names that YAML might not take for texts.
func plainName(name string) string {
	if name == "<<" || isPlainKey(name) {
		return name
	}
	return quoted(name)
}

// mapping is a mapping node that can be edited.
type mapping struct {
	*layout
	node   *yaml.Node
	indent int       // column, from 0, of the key that the mapping belongs to; -1 at the root
	style  flowStyle // of the mapping around it, for want of an own
}

// isFlow tells whether the mapping is written between braces.
func (m mapping) isFlow() bool { return m.node.Style&yaml.FlowStyle != 0 }

// column is the column, from 0, of an entry's key.
func (m mapping) column(e *entry) int { return e.key.Column - 1 }

// linePrefix returns what stands before an entry's key on its line.
func (m mapping) linePrefix(e *entry) string {
	at := m.start(e.key)
	return m.text[m.lineStart(at):at]
}

// startsLine tells whether an entry's key is the first on its line.
func (m mapping) startsLine(e *entry) bool {
	return strings.Trim(m.linePrefix(e), " ") == ""
}

// entriesEnd tells whether nothing but a comment follows an offset on its line.
func (m mapping) entriesEnd(at int) bool {
	at = m.skipBlanks(at)
	return at == len(m.text) || m.text[at] == '#' || breakAt(m.text, at) > 0
}

// step is how much deeper nested mappings of this block mapping are indented.
func (m mapping) step() string {
	for _, e := range entriesOf(m.node) {
		nested := e.value
		if nested.Kind != yaml.MappingNode || nested.Style&yaml.FlowStyle != 0 || len(nested.Content) == 0 {
			continue
		}
		if deeper := nested.Content[0].Column - e.key.Column; deeper > 0 {
			return strings.Repeat(" ", deeper)
		}
	}
	return "  "
}

// replace writes another value for an entry, which loses its anchor and tag.
func (m mapping) replace(e *entry, value string) (splice, error) {
	at := m.start(e.value)
	end, err := m.end(e.value, m.column(e))
	if err != nil {
		return splice{}, err
	}
	if at == end { // a null that is not written stands right behind the colon
		if at == 0 || m.text[at-1] != ':' {
			return splice{}, errLayout
		}
		value = " " + value
	}
	return splice{at, end, value}, nil
}

// add writes new entries. gone are the keys that remove takes away.
func (m mapping) add(fields []field, gone map[*yaml.Node]bool, way way) ([]splice, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	entries := entriesOf(m.node)
	if m.isFlow() {
		return m.addFlow(fields, entries, gone, way)
	}
	if len(entries) == 0 || !m.startsLine(entries[0]) {
		return nil, errLayout
	}
	first, last := entries[0], entries[len(entries)-1]
	lines := strings.Join(blockLinesStep(fields, m.linePrefix(first), m.step()), m.eol)
	if way == inFront {
		if at := m.lineStart(m.start(first.key)); at > m.lines[0] {
			at = m.previousEnd(at)
			return []splice{{at, at, m.eol + lines}}, nil
		}
		at := m.lines[0]
		return []splice{{at, at, lines + m.eol}}, nil
	}
	at, err := m.end(last.value, m.column(last))
	if err != nil {
		return nil, err
	}
	if !m.entriesEnd(at) {
		return nil, errLayout
	}
	at = m.lineEnd(at)
	return []splice{{at, at, m.eol + lines}}, nil
}

// remove takes entries away. A comment that follows one on its line stays.
func (m mapping) remove(gone map[*yaml.Node]bool) ([]splice, error) {
	if len(gone) == 0 {
		return nil, nil
	}
	if m.isFlow() {
		return m.removeFlow(gone)
	}
	var splices []splice
	for _, e := range entriesOf(m.node) {
		if !gone[e.key] {
			continue
		}
		at := m.start(e.key)
		end, err := m.end(e.value, m.column(e))
		if err != nil {
			return nil, err
		}
		if !m.startsLine(e) || !m.entriesEnd(end) {
			return nil, errLayout
		}
		if comment := m.skipBlanks(end); comment < len(m.text) && m.text[comment] == '#' {
			splices = append(splices, splice{at, comment, ""})
			continue
		}
		// With the line break before it, so that a key added behind it fits.
		splices = append(splices, splice{m.previousEnd(m.lineStart(at)), m.lineEnd(end), ""})
	}
	return splices, nil
}
