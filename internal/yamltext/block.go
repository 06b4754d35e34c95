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
	// oneLine writes texts of several lines on one.
	oneLine bool
	// covered says that new lines come behind, so that old ones cannot join.
	covered bool
}

// blockOf returns how a block mapping with at least one key is written.
func (e *Edit) blockOf(m *yaml.Node) block {
	first := m.Content[0]
	at := e.at(first)
	column := e.inner(m)
	b := block{
		indent: strings.Repeat(" ", column), step: strings.Repeat(" ", cmp.Or(e.style.Step, 2)),
		eol: e.eol(at), quoted: e.style.Quoted,
	}
	if !b.quoted {
		b.keys = quotingOf(first)
	}
	if e.bare(m) != at {
		e.fail(at, "a key without \"?\"")
	}
	for i := 0; i < len(m.Content); i += 2 {
		if value := m.Content[i+1]; value.Kind == yaml.MappingNode && !IsFlow(value) {
			b.step = strings.Repeat(" ", e.inner(value)-column)
			break
		}
	}
	return b
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
		if entry.Merge != "" {
			text.WriteString(b.indent + MergeKey + ": *" + entry.Merge + b.eol)
			continue
		}
		text.WriteString(b.indent + b.keys.write(entry.Key) + ":")
		switch {
		case entry.Entries != nil && len(entry.Entries) == 0:
			text.WriteString(" {}" + b.eol)
		case entry.Entries != nil:
			text.WriteString(b.eol + b.deeper().lines(entry.Entries))
		case entry.Plain != "":
			text.WriteString(" " + entry.Plain + b.eol)
		case b.quoted:
			text.WriteString(" " + doubleQuotes.write(entry.Text) + b.eol)
		case b.isLiteral(entry.Text):
			text.WriteString(" |" + chompingFor(entry.Text) + b.eol + literalLines(entry.Text, b.indent+b.step, b.eol))
		default:
			text.WriteString(" " + plainIfSafe.write(entry.Text) + b.eol)
		}
	}
	return text.String()
}

// isLiteral reports whether a new text becomes a literal block.
func (b block) isLiteral(text string) bool {
	return !b.quoted && !b.oneLine && strings.Contains(text, "\n") && canBeLiteral(text)
}

// literalEnd returns the text of the literal block that entries end with, and
// the indentation of its lines; "" if they end otherwise.
func (b block) literalEnd(entries []Entry) (text string, indent int) {
	switch last := entries[len(entries)-1]; {
	case len(last.Entries) > 0:
		return b.deeper().literalEnd(last.Entries)
	case last.Entries == nil && last.Plain == "" && b.isLiteral(last.Text):
		return last.Text, len(b.indent + b.step)
	}
	return "", 0
}

// setBlock changes a mapping on lines of its own.
func (e *Edit) setBlock(m *yaml.Node, c changes) {
	b := e.blockOf(m)
	for i := range m.Content {
		if text, ok := c.replaced[i]; ok {
			b.covered = i == len(m.Content)-2 && len(c.added) > 0
			e.replaceInBlock(m.Content[i], m.Content[i+1], text, b)
		}
	}
	e.removeFromBlock(m, b, c)
	e.addBehind(m, b, c)
}

// addBehind puts lines behind the last entry of a block mapping.
func (e *Edit) addBehind(m *yaml.Node, b block, c changes) {
	if len(c.added) == 0 {
		return
	}
	entries, i := c.added, len(m.Content)-2
	end := e.lastEnd(m, len(b.indent))
	if text, ok := c.replaced[i]; ok && isBlockScalar(m.Content[i+1]) {
		old := e.blockScalar(e.bare(m.Content[i+1]), len(b.indent))
		end = e.takenEnd(old, chompingFor(text) == "+")
	}
	tail := e.skipBlanks(end)
	if e.lineEnd(end) == len(e.Text) {
		b.oneLine = len(c.remove) > 0
		leaf, _ := e.lastLeaf(m)
		switch text, _ := b.literalEnd(entries); {
		case c.lastKept(m) < i && tail == len(e.Text):
			// The last line makes room.
			e.splice(tail, tail, strings.TrimSuffix(b.lines(entries), b.eol))
			return
		case strings.HasSuffix(text, "\n") || isBlockScalar(leaf):
			// At the end of a text without a line end a block scalar would
			// change by one: the first place is as good.
			e.addBefore(m.Content[0], b, entries)
			return
		}
	}
	if tail < e.lineEnd(end) && e.Text[tail] != '#' {
		e.fail(tail, "a line end")
	}
	e.addLines(end, b, entries)
}

// addBefore puts lines in front of a key.
func (e *Edit) addBefore(key *yaml.Node, b block, entries []Entry) {
	at := e.at(key)
	if start := e.lineStart(at); e.Text[start:at] == b.indent {
		e.splice(start, start, b.lines(entries))
		return
	}
	e.splice(at, at, strings.TrimPrefix(b.lines(entries), b.indent)+b.indent)
}

// addLines puts lines behind the line that ends at or after an offset. Where
// the text ends without a line end it goes on to, unless the last of the lines
// needs its own.
func (e *Edit) addLines(at int, b block, entries []Entry) {
	next := e.nextLine(at)
	text, indent := b.literalEnd(entries)
	b.oneLine = b.oneLine || text != "" && e.joins(next, indent, chompingFor(text) == "+")
	lines := b.lines(entries)
	if e.lineEnd(at) == len(e.Text) {
		if !strings.HasSuffix(text, "\n") {
			lines = strings.TrimSuffix(lines, b.eol)
		}
		lines = b.eol + lines
	}
	e.splice(next, next, lines)
}

// replaceInBlock gives a value another text, in the style of the old one where
// the new one can have it.
func (e *Edit) replaceInBlock(key, value *yaml.Node, text string, b block) {
	if !e.mayReplace(value) {
		return
	}
	indent := len(b.indent)
	if isUnwritten(value) {
		colon := e.behindColon(key, indent)
		e.writeValue(colon, colon, " ", text, plainIfSafe, b)
		return
	}
	switch start, end := e.at(value), e.end(value, indent); {
	case e.err != nil:
	case isBlockScalar(value):
		e.replaceBlockScalar(value, text, b)
	case value.Kind == yaml.AliasNode:
		e.writeValue(start, end, "", text, plainIfSafe, b)
	default:
		e.writeValue(start, end, "", text, quotingOf(value), b)
	}
}

// writeValue puts a value in the place of another that is no block scalar. A
// text of several lines becomes a literal block, unless it was in double
// quotes before.
func (e *Edit) writeValue(start, end int, before, text string, quotes quoting, b block) {
	if b.quoted {
		quotes = doubleQuotes
	}
	next := e.nextLine(end)
	isLast := e.lineEnd(end) == len(e.Text)
	switch {
	case quotes == doubleQuotes || !b.isLiteral(text),
		strings.ContainsAny(e.Text[start:end], "\r\n"),
		isLast && strings.HasSuffix(text, "\n"), // the last line would need the line end that the text has not
		!b.covered && e.joins(next, len(b.indent+b.step), chompingFor(text) == "+"):
		if quotes == plainIfSafe && isPlainList(text) {
			e.splice(start, end, before+text)
		} else {
			e.splice(start, end, before+quotes.write(text))
		}
		return
	}
	e.splice(start, end, before+"|"+chompingFor(text))
	lines := literalLines(text, b.indent+b.step, b.eol)
	if isLast {
		lines = b.eol + strings.TrimSuffix(lines, b.eol)
	}
	e.splice(next, next, lines)
}
