package manifest

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules"
)

// layout is how new lines of a block are written.
type layout struct {
	indent string // of the keys
	step   string // what a deeper block is indented by
	eol    string
	quotes quoting // of the keys
}

// deeper returns the layout of a block inside of this one.
func (l layout) deeper() layout {
	l.indent += l.step
	return l
}

// entries writes annotations as lines of a block.
func (l layout) entries(annotations []rules.Annotation) string {
	var b strings.Builder
	for _, a := range annotations {
		b.WriteString(l.indent + l.quotes.write(a.Key) + ":")
		if !strings.Contains(a.Value, "\n") || !canBeLiteral(a.Value) {
			b.WriteString(" " + plainIfSafe.write(a.Value) + l.eol)
			continue
		}
		b.WriteString(" |" + chompingFor(a.Value) + l.eol + literalLines(a.Value, l.indent+l.step, l.eol))
	}
	return b.String()
}

// header writes a key and opens a block behind it.
func (l layout) header(key string) string { return l.indent + l.quotes.write(key) + ":" + l.eol }

// layoutOf returns the layout of a block mapping with at least one key.
func (e *editor) layoutOf(n *yaml.Node) layout {
	first := n.Content[0]
	at := e.at(first)
	l := layout{indent: strings.Repeat(" ", e.column(at)), step: "  ", eol: e.eol(at)}
	if quotingOf(first) != plainIfSafe {
		l.quotes = quotingOf(first)
	}
	if before := string(e.file.data[e.lineStart(at):at]); strings.HasSuffix(strings.TrimRight(before, " \t"), "?") {
		e.fail(at, "a key without \"?\"")
	}
	// What a neighbour's block is indented by, if one is.
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := n.Content[i+1]
		if value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0 && len(value.Content) > 0 {
			if width := e.column(e.at(value.Content[0])) - e.column(at); width > 0 {
				l.step = strings.Repeat(" ", width)
				break
			}
		}
	}
	return l
}

// eol returns the line end that is used at an offset.
func (e *editor) eol(at int) string {
	if end := e.lineEnd(at); end < e.end {
		return string(e.file.data[end : end+lineEndLength(e.file.data[end:])])
	}
	if start := e.lineStart(at); start > 0 {
		if start > 1 && e.file.data[start-1] == '\n' && e.file.data[start-2] == '\r' {
			return "\r\n"
		}
		return string(e.file.data[start-1 : start])
	}
	return "\n"
}

// lineStart returns where the line of an offset begins.
func (e *editor) lineStart(at int) int {
	return max(e.start, e.file.lines[e.file.line(at)])
}

// addLines puts lines behind the line that ends at or after an offset. Where
// the file ends without a line end it goes on to, unless the last of the lines
// needs its own: open says so.
func (e *editor) addLines(at int, lines, eol string, open bool) {
	if end := e.lineEnd(at); end < len(e.file.data) {
		next := end + lineEndLength(e.file.data[end:])
		e.splice(next, next, lines)
		return
	}
	lines = eol + lines
	if !open {
		lines = strings.TrimSuffix(lines, eol)
	}
	e.splice(e.end, e.end, lines)
}

// isOpen says whether the last of the annotations ends with a literal block,
// to which the end of its last line belongs.
func isOpen(annotations []rules.Annotation) bool {
	last := annotations[len(annotations)-1].Value
	return strings.HasSuffix(last, "\n") && canBeLiteral(last)
}

// addEntries puts lines behind the last entry of a block mapping.
func (e *editor) addEntries(n *yaml.Node, l layout, lines string, open bool) {
	end := e.lastEnd(n, len(l.indent))
	last := n.Content[len(n.Content)-1]
	for last.Kind != yaml.ScalarNode && len(last.Content) > 0 {
		last = last.Content[len(last.Content)-1]
	}
	if e.lineEnd(end) == len(e.file.data) && (open || last.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0) {
		// At the end of a file without a line end a block scalar would change
		// by one: the first place is as good.
		at := e.at(n.Content[0])
		e.splice(at, at, strings.TrimPrefix(lines, l.indent)+l.indent)
		return
	}
	e.addLines(end, lines, l.eol, false)
}
