package yamltext

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// removeFromBlock removes the lines of entries.
func (e *Edit) removeFromBlock(m *yaml.Node, b block, c changes) {
	if len(c.remove) == 0 {
		return
	}
	last := c.lastKept(m)
	var above hunger
	for i := 0; i < len(m.Content); i += 2 {
		switch {
		case !c.removes(m, i):
			if i+2 < len(m.Content) && c.removes(m, i+2) {
				above = e.hungerOf(m.Content[i+1], c.replaced[i], b)
			}
		case i < len(m.Content)-2 || len(c.added) == 0: // else what is added is in between
			e.checkJoins(m.Content[i:i+2], above, b)
		}
	}
	// Where the last line has no line end, lines go with the line end in front
	// of them, so that it still has none; but a block scalar needs it.
	open := len(c.added) == 0 && e.lineEnd(e.lastEnd(m, len(b.indent))) == len(e.Text)
	if last >= 0 {
		leaf, _ := e.lastLeaf(m.Content[last+1])
		open = open && !isBlockScalar(leaf) && !b.isLiteral(c.replaced[last])
	}
	for i := len(m.Content) - 2; i >= 0; i -= 2 {
		open = c.removes(m, i) && e.removeLines(m.Content[i:i+2], b, open)
	}
}

// hunger says which lines behind it a value takes for its own.
type hunger struct {
	isBlockScalar bool
	indent        int  // of its lines
	keeps         bool // blank lines
}

// hungerOf returns the hunger of a value in a block, or of the text that will
// replace it.
func (e *Edit) hungerOf(value *yaml.Node, replaced string, b block) hunger {
	leaf, indent := e.lastLeaf(value)
	indent = max(indent, len(b.indent))
	h := hunger{b.isLiteral(replaced), indent + 1, chompingFor(replaced) == "+"}
	if isBlockScalar(leaf) {
		s := e.blockScalar(e.bare(leaf), indent)
		h = hunger{true, max(h.indent, s.indent), h.keeps || s.chomping == "+"}
	}
	return h
}

// checkJoins refuses to remove an entry if a block scalar above it would go on
// with the lines behind it.
func (e *Edit) checkJoins(entry []*yaml.Node, above hunger, b block) {
	if above.isBlockScalar && e.joins(e.nextLine(e.pairEnd(entry, len(b.indent))), above.indent, above.keeps) {
		e.Refuse(entry[0], "got blank lines or a comment behind the key %s that would become a part of the text above it; remove them", Resolve(entry[0]).Value)
	}
}

// removeLines removes the lines of one entry, but not a comment behind it.
// open says that they go with the line end in front of them; they did if it is
// the result.
func (e *Edit) removeLines(entry []*yaml.Node, b block, open bool) bool {
	key := entry[0]
	at := e.at(key)
	start := e.lineStart(at)
	if e.Text[start:at] != b.indent {
		e.Refuse(key, "got the key %s behind other text on its line, want it on a line of its own", Resolve(key).Value)
		return false
	}
	end := e.pairEnd(entry, len(b.indent))
	e.release(key, end)
	e.release(entry[1], end)
	lineEnd, tail := e.lineEnd(end), e.skipBlanks(end)
	switch {
	case tail < lineEnd && e.Text[tail] == '#':
		e.splice(at, tail, "")
		return false
	case tail < lineEnd:
		e.fail(tail, "a line end")
	case open:
		e.splice(start-len(lastBreak(e.Text[:start])), lineEnd, "")
	default:
		e.splice(start, e.nextLine(end), "")
	}
	return open
}

// lastLeaf returns the last node in block style inside of a node, which is not
// a block itself, and the indentation of the block that holds it.
func (x *extent) lastLeaf(n *yaml.Node) (leaf *yaml.Node, indent int) {
	for indent = -1; !IsFlow(n) && len(n.Content) > 0; n = n.Content[len(n.Content)-1] {
		indent = x.inner(n)
	}
	return n, indent
}

// joins reports whether a block scalar whose lines have an indentation would
// take some of the lines at an offset for its own: a comment that is as deep,
// spaces, or, if it keeps them, blank lines.
func (l *lines) joins(at, indent int, keeps bool) bool {
	for ; at < len(l.text); at = l.nextLine(at) {
		line := l.text[at:l.lineEnd(at)]
		content := strings.TrimLeft(line, " ")
		switch width := len(line) - len(content); {
		case content != "":
			return width >= indent
		case keeps || width > indent:
			return true
		}
	}
	return false
}
