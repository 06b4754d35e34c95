package yamltext

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// block is how new lines of a block mapping are written.
type block struct {
	indent string // of the keys
	step   string // what a deeper block is indented by
	eol    string
	keys   quoting
	quoted bool // see Style
}

// blockOf returns how a block mapping with at least one key is written.
func (e *Edit) blockOf(m *yaml.Node) block {
	first := m.Content[0]
	at := e.at(first)
	column := e.column(at)
	b := block{
		indent: strings.Repeat(" ", column), step: strings.Repeat(" ", cmp.Or(e.style.Step, 2)),
		eol: e.eol(at), quoted: e.style.Quoted,
	}
	if !b.quoted {
		b.keys = quotingOf(first)
	}
	if before := e.Text[e.lineStart(at):at]; strings.HasSuffix(strings.TrimRight(before, " \t"), "?") {
		e.fail(at, "a key without \"?\"")
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if value := m.Content[i+1]; isBlock(value) {
			if width := e.column(e.at(value.Content[0])) - column; width > 0 {
				b.step = strings.Repeat(" ", width)
				return b
			}
		}
	}
	return b
}

// isBlock reports whether a node is a mapping on lines of its own.
func isBlock(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && !IsFlow(n) && len(n.Content) > 0
}

// deeper returns the block inside of this one.
func (b block) deeper() block {
	b.indent += b.step
	return b
}

// lines writes entries.
func (b block) lines(entries []Entry) string {
	var text strings.Builder
	for _, entry := range entries {
		text.WriteString(b.indent + b.keys.key(entry.Key) + ":")
		switch {
		case entry.Alias != "":
			text.WriteString(" *" + entry.Alias + b.eol)
		case entry.Entries != nil && len(entry.Entries) == 0:
			text.WriteString(" {}" + b.eol)
		case entry.Entries != nil:
			text.WriteString(b.eol + b.deeper().lines(entry.Entries))
		case b.quoted:
			text.WriteString(" " + doubleQuotes.write(entry.Text) + b.eol)
		case strings.Contains(entry.Text, "\n") && canBeLiteral(entry.Text):
			text.WriteString(" |" + chompingFor(entry.Text) + b.eol + literalLines(entry.Text, b.indent+b.step, b.eol))
		default:
			text.WriteString(" " + plainIfSafe.write(entry.Text) + b.eol)
		}
	}
	return text.String()
}

// isOpen reports whether the last of the entries ends with a literal block, to
// which the end of its last line belongs.
func (b block) isOpen(entries []Entry) bool {
	last := entries[len(entries)-1]
	if last.Entries != nil {
		return len(last.Entries) > 0 && b.isOpen(last.Entries)
	}
	return !b.quoted && strings.HasSuffix(last.Text, "\n") && canBeLiteral(last.Text)
}

// setBlock changes a mapping on lines of its own.
func (e *Edit) setBlock(m *yaml.Node, c changes) {
	b := e.blockOf(m)
	for _, r := range c.replaced {
		e.replaceInBlock(r, b)
	}
	open := len(c.remove) > 0 && e.lineEnd(e.lastEnd(m, len(b.indent))) == len(e.Text)
	for i := 0; i < len(m.Content); i += 2 {
		if c.removes(m, i) {
			e.removeLines(m.Content[i:i+2], b, open)
		}
	}
	if len(c.added) > 0 {
		e.addBehind(m, b, c.added)
	}
}

// addBehind puts lines behind the last entry of a block mapping.
func (e *Edit) addBehind(m *yaml.Node, b block, entries []Entry) {
	end := e.lastEnd(m, len(b.indent))
	last := m.Content[len(m.Content)-1]
	for last.Kind != yaml.ScalarNode && len(last.Content) > 0 {
		last = last.Content[len(last.Content)-1]
	}
	if e.lineEnd(end) == len(e.Text) && (b.isOpen(entries) || isBlockScalar(last)) {
		// At the end of a text without a line end a block scalar would change
		// by one: the first place is as good.
		e.addBefore(m.Content[0], b, entries)
		return
	}
	if tail := e.skipBlanks(end); tail < e.lineEnd(end) && e.Text[tail] != '#' {
		e.fail(tail, "a line end")
	}
	e.addLines(end, b, entries)
}

// addBefore puts lines in front of a key.
func (e *Edit) addBefore(key *yaml.Node, b block, entries []Entry) {
	at := e.at(key)
	e.splice(at, at, strings.TrimPrefix(b.lines(entries), b.indent)+b.indent)
}

// addLines puts lines behind the line that ends at or after an offset. Where
// the text ends without a line end it goes on to, unless the last of the lines
// needs its own.
func (e *Edit) addLines(at int, b block, entries []Entry) {
	lines := b.lines(entries)
	if e.lineEnd(at) < len(e.Text) {
		next := e.nextLine(at)
		e.splice(next, next, lines)
		return
	}
	if !b.isOpen(entries) {
		lines = strings.TrimSuffix(lines, b.eol)
	}
	e.splice(len(e.Text), len(e.Text), b.eol+lines)
}

// removeLines removes the lines of one entry, but not a comment behind it.
// open says that the last line of the mapping has no line end: then lines go
// with the line end in front of them, so that it still has none.
func (e *Edit) removeLines(entry []*yaml.Node, b block, open bool) {
	key := entry[0]
	at := e.at(key)
	start := e.lineStart(at)
	if strings.TrimLeft(e.Text[start:at], " ") != "" {
		e.Refuse(key, "got the key %s behind other text on its line, want it on a line of its own", Resolve(key).Value)
		return
	}
	end := e.lastEnd(&yaml.Node{Kind: yaml.MappingNode, Content: entry}, len(b.indent))
	lineEnd, tail := e.lineEnd(end), e.skipBlanks(end)
	switch {
	case tail < lineEnd && e.Text[tail] == '#':
		e.splice(at, tail, "")
	case tail < lineEnd:
		e.fail(tail, "a line end")
	case open:
		e.splice(start-len(lastBreak(e.Text[:start])), lineEnd, "")
	default:
		e.splice(start, e.nextLine(end), "")
	}
}

// replaceInBlock gives a value another text, in the style of the old one where
// the new one can have it.
func (e *Edit) replaceInBlock(r replacement, b block) {
	if !e.mayReplace(r.value) {
		return
	}
	indent := len(b.indent)
	if isUnwritten(r.value) {
		colon := e.colonEnd(r.key, indent)
		e.writeValue(colon, colon, " ", r.text, plainIfSafe, b)
		return
	}
	start, end := e.at(r.value), e.end(r.value, indent)
	switch {
	case e.err != nil:
	case isBlockScalar(r.value):
		e.replaceBlockScalar(r.value, r.text, b)
	case r.value.Kind == yaml.AliasNode:
		e.writeValue(start, end, "", r.text, plainIfSafe, b)
	default:
		e.writeValue(start, end, "", r.text, quotingOf(r.value), b)
	}
}

// writeValue puts a value in the place of another that is no block scalar. A
// text of several lines becomes a literal block, unless it was in double
// quotes before.
func (e *Edit) writeValue(start, end int, before, text string, quotes quoting, b block) {
	if b.quoted {
		quotes = doubleQuotes
	}
	lineEnd := e.lineEnd(end)
	oneLine := !strings.ContainsAny(e.Text[start:end], "\r\n")
	if lineEnd == len(e.Text) && strings.HasSuffix(text, "\n") {
		oneLine = false // the last line would need the line end that the text has not
	}
	if quotes == doubleQuotes || !oneLine || !strings.Contains(text, "\n") || !canBeLiteral(text) {
		e.splice(start, end, before+quotes.write(text))
		return
	}
	e.splice(start, end, before+"|"+chompingFor(text))
	lines := literalLines(text, b.indent+b.step, b.eol)
	if lineEnd < len(e.Text) {
		next := e.nextLine(end)
		e.splice(next, next, lines)
		return
	}
	e.splice(len(e.Text), len(e.Text), b.eol+strings.TrimSuffix(lines, b.eol))
}
