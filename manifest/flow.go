package manifest

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules"
)

// flowLayout is how a mapping in braces is written.
type flowLayout struct {
	pretty bool    // each key on a line of its own
	gap    string  // in front of a key, if pretty
	closer string  // in front of the closing brace, if pretty
	unit   string  // what a deeper gap has more
	space  string  // behind a comma, if not pretty
	colon  string  // between key and value
	keys   quoting // of the keys
	values quoting // of the values
}

// flowOf returns the layout of a flow mapping with at least one key.
func (e *editor) flowOf(n *yaml.Node) flowLayout {
	data := e.file.data
	l := flowLayout{space: " ", colon: ": "}
	last := len(n.Content) - 2
	if e.json {
		l.keys, l.values = jsonQuotes, jsonQuotes
	} else {
		l.keys = quotingOf(n.Content[last])
		l.values = quotingOf(n.Content[last+1])
	}
	key, value := n.Content[last], n.Content[last+1]
	if colon := e.colon(key, -1); l.keys != plainIfSafe && e.at(value) == colon {
		l.colon, l.space = ":", ""
	}
	before := string(data[e.bare(n)+1 : e.at(n.Content[0])])
	if last > 0 {
		between := data[e.endOf(n.Content[last-1], -1):e.at(key)]
		if i := bytes.LastIndexByte(between, ','); i >= 0 && !bytes.ContainsAny(between[i:], "#\r\n") {
			l.space = string(between[i+1:])
		}
	}
	if i := strings.LastIndexAny(before, "\r\n"); i >= 0 && !strings.Contains(before, "#") {
		eol := strings.TrimLeft(before[:i+1], " \t")
		l.pretty, l.gap = true, eol[:lineEndLength([]byte(eol))]+before[i+1:]
		end := e.flowEnd(n, e.bare(n)) - 1
		line := string(data[e.lineStart(end):end])
		if closer := strings.TrimLeft(line, " \t"); closer == "" {
			l.closer = l.gap[:len(l.gap)-len(before[i+1:])] + line
		}
		l.unit = "  "
		if unit, ok := strings.CutPrefix(before[i+1:], line); ok && unit != "" {
			l.unit = unit
		}
	}
	return l
}

// deeper returns the layout of a mapping that is a value in this one.
func (l flowLayout) deeper() flowLayout {
	if l.pretty {
		l.gap, l.closer = l.gap+l.unit, l.gap
	}
	return l
}

func (l flowLayout) between() string {
	if l.pretty {
		return "," + l.gap
	}
	return "," + l.space
}

// mapping writes entries in braces.
func (l flowLayout) mapping(entries ...string) string {
	return "{" + l.gap + strings.Join(entries, l.between()) + l.closer + "}"
}

// entry writes a key and the text of its value.
func (l flowLayout) entry(key, value string) string { return l.keys.write(key) + l.colon + value }

// entries writes annotations.
func (l flowLayout) entries(annotations []rules.Annotation) []string {
	out := make([]string, len(annotations))
	for i, a := range annotations {
		out[i] = l.entry(a.Key, l.values.write(a.Value))
	}
	return out
}

// annotations writes annotations in braces, as the value of a key of this
// mapping.
func (l flowLayout) annotations(annotations []rules.Annotation) string {
	inner := l.deeper()
	return inner.mapping(inner.entries(annotations)...)
}

// addFlow puts entries behind the last one of a flow mapping.
func (e *editor) addFlow(n *yaml.Node, l flowLayout, entries []string) {
	end := e.lastEnd(n, -1)
	e.splice(end, end, e.apart(end)+l.between()+strings.Join(entries, l.between()))
}

// apart returns what a comma needs in front of it: behind a colon without a
// value some readers, kubectl's among them, would take it for a part of the key.
func (e *editor) apart(at int) string {
	if e.file.data[at-1] == ':' {
		return " "
	}
	return ""
}

// editFlow changes annotations in braces.
func (e *editor) editFlow(n *yaml.Node, c change) {
	l := e.flowOf(n)
	var added []rules.Annotation
	for _, a := range c.set {
		if i := indexOf(n, a.Key); i >= 0 {
			e.replaceInFlow(n.Content[i], n.Content[i+1], a.Value, l)
			continue
		}
		added = append(added, a)
	}
	kept := -1
	for i := 0; i < len(n.Content); i += 2 {
		if !slices.Contains(c.remove, resolve(n.Content[i]).Value) {
			kept = i
		}
	}
	if kept < 0 {
		e.splice(e.at(n.Content[0]), e.lastEnd(n, -1), strings.Join(l.entries(added), l.between()))
		return
	}
	for i := 0; i < kept; i += 2 {
		if slices.Contains(c.remove, resolve(n.Content[i]).Value) {
			e.splice(e.at(n.Content[i]), e.at(n.Content[i+2]), "")
		}
	}
	keptEnd := e.lastEnd(&yaml.Node{Kind: yaml.MappingNode, Content: n.Content[:kept+2]}, -1)
	text := ""
	if len(added) > 0 {
		text = e.apart(keptEnd) + l.between() + strings.Join(l.entries(added), l.between())
	}
	if end := e.lastEnd(n, -1); end > keptEnd || text != "" {
		e.splice(keptEnd, end, text)
	}
}

// replaceInFlow gives an annotation in braces another value.
func (e *editor) replaceInFlow(key, value *yaml.Node, text string, l flowLayout) {
	if !e.mayReplace(value) {
		return
	}
	quotes := quotingOf(value)
	if e.json {
		quotes = jsonQuotes
	}
	if isEmpty(value) {
		colon := e.colon(key, -1)
		if e.file.data[colon-1] != ':' {
			e.splice(colon, colon, l.colon+quotes.write(text))
			return
		}
		e.splice(colon, colon, " "+quotes.write(text))
		return
	}
	e.splice(e.at(value), e.endOf(value, -1), quotes.write(text))
}

// mayReplace says whether a value is an annotation's own.
func (e *editor) mayReplace(value *yaml.Node) bool {
	if value.Kind == yaml.AliasNode {
		return true // the alias goes, what it stands for stays
	}
	e.own(value, "an annotation")
	if value.Kind != yaml.ScalarNode {
		e.refuse(value, "got an annotation that is no string, want a string")
	}
	return e.err == nil
}
