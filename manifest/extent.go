package manifest

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// extent finds where nodes end, which the parser does not say.
type extent struct {
	*document
	err error
}

// fail notes the first place that is not as expected. It should not happen;
// if it does, nothing is edited.
func (x *extent) fail(offset int, want string) int {
	if x.err == nil {
		x.err = x.file.errorAt(offset, "cannot tell where this ends: want %s; write it in a plainer form", want)
	}
	return offset
}

// bare returns where a node's own text begins, behind its tag and anchor.
func (x *extent) bare(n *yaml.Node) int {
	at := x.at(n)
	if x.json || n.Kind == yaml.AliasNode {
		return at
	}
	for at < x.end && (x.file.data[at] == '&' || x.file.data[at] == '!') {
		for at < x.end && !isSpace(x.file.data[at]) && (x.file.data[at] != ',' && x.file.data[at] != '}' && x.file.data[at] != ']') {
			at++
		}
		at = x.skipSpace(at)
	}
	return at
}

// propertiesEnd returns the end of a value that is written as a tag or an
// anchor and nothing else, as in "a: !!null".
func (x *extent) propertiesEnd(n *yaml.Node) int {
	end := x.at(n)
	for at := end; at < x.end && (x.file.data[at] == '&' || x.file.data[at] == '!'); {
		for end = at; end < x.end && !isSpace(x.file.data[end]) && strings.IndexByte(",]}", x.file.data[end]) < 0; {
			end++
		}
		for at = end; at < x.end && x.file.data[at] == ' '; {
			at++
		}
	}
	return end
}

// skipSpace skips white space, line ends and comments.
func (x *extent) skipSpace(at int) int {
	for at < x.end {
		switch c := x.file.data[at]; {
		case isSpace(c):
			at++
		case c == '#' && (at == x.start || isSpace(x.file.data[at-1])):
			at = x.lineEnd(at)
		default:
			return at
		}
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// lineEnd returns the end of the line at an offset, before its line end.
func (x *extent) lineEnd(at int) int {
	if i := bytes.IndexAny(x.file.data[at:x.end], "\r\n"); i >= 0 {
		return at + i
	}
	return x.end
}

// endOf returns the offset behind a node. indent is the column, from 0, of the
// block that holds it, -1 at the top.
func (x *extent) endOf(n *yaml.Node, indent int) int {
	at := x.bare(n)
	data := x.file.data
	switch n.Kind {
	case yaml.AliasNode:
		return at + 1 + len(n.Value)
	case yaml.ScalarNode:
		switch {
		case isEmpty(n):
			return x.at(n)
		case n.Value == "" && n.Style&^yaml.TaggedStyle == 0:
			return x.propertiesEnd(n)
		case n.Style&yaml.DoubleQuotedStyle != 0:
			return x.quotedEnd(at, '"')
		case n.Style&yaml.SingleQuotedStyle != 0:
			return x.quotedEnd(at, '\'')
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			return x.blockScalar(at, indent).end
		}
		return x.plainEnd(at, n)
	}
	if at < x.end && (data[at] == '{' || data[at] == '[') && n.Style&yaml.FlowStyle != 0 {
		return x.flowEnd(n, at)
	}
	// A block, or a single pair in a flow sequence: it ends with its last child.
	if len(n.Content) == 0 {
		return at
	}
	inner := x.column(x.at(n.Content[0]))
	if n.Kind == yaml.SequenceNode {
		inner = x.column(at)
	}
	return x.lastEnd(n, inner)
}

// lastEnd returns the end of the last child, which may be an empty value
// behind the colon of its key.
func (x *extent) lastEnd(n *yaml.Node, indent int) int {
	last := n.Content[len(n.Content)-1]
	if n.Kind == yaml.MappingNode && isEmpty(last) {
		return x.colon(n.Content[len(n.Content)-2], indent)
	}
	return x.endOf(last, indent)
}

// colon returns the offset behind the colon of a key, or behind the key if it
// has none.
func (x *extent) colon(key *yaml.Node, indent int) int {
	end := x.endOf(key, indent)
	at := end
	for at < x.end && (x.file.data[at] == ' ' || x.file.data[at] == '\t') {
		at++
	}
	if at < x.end && x.file.data[at] == ':' {
		return at + 1
	}
	return end
}

// isEmpty says whether a null is written as nothing at all.
func isEmpty(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

func (x *extent) flowEnd(n *yaml.Node, at int) int {
	closing := byte('}')
	if n.Kind == yaml.SequenceNode {
		closing = ']'
	}
	end := at + 1
	if len(n.Content) > 0 {
		end = max(end, x.lastEnd(n, -1))
	}
	for x.err == nil {
		end = x.skipSpace(end)
		if end >= x.end || x.file.data[end] != closing && x.file.data[end] != ',' {
			return x.fail(end, fmt.Sprintf("%q", closing))
		}
		if x.file.data[end] == closing {
			return end + 1
		}
		end++
	}
	return end
}

func (x *extent) quotedEnd(at int, quote byte) int {
	if at >= x.end || x.file.data[at] != quote {
		return x.fail(at, fmt.Sprintf("%q", quote))
	}
	for at++; at < x.end; at++ {
		switch c := x.file.data[at]; {
		case c == '\\' && quote == '"':
			at++
		case c == quote && quote == '\'' && at+1 < x.end && x.file.data[at+1] == quote:
			at++
		case c == quote:
			return at + 1
		}
	}
	return x.fail(at, fmt.Sprintf("%q", quote))
}

// plainEnd matches the text with the value, in which line ends are folded.
func (x *extent) plainEnd(at int, n *yaml.Node) int {
	for _, word := range strings.FieldsFunc(n.Value, isFolded) {
		for at < x.end {
			r, size := utf8.DecodeRune(x.file.data[at:])
			if !isFolded(r) {
				break
			}
			at += size
		}
		if !bytes.HasPrefix(x.file.data[at:x.end], []byte(word)) {
			return x.fail(at, fmt.Sprintf("%q", word))
		}
		at += len(word)
	}
	return at
}

// isFolded says whether a character may stand for a line end in a plain scalar.
func isFolded(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// blockScalar is the layout of a literal or folded scalar.
type blockScalar struct {
	header   int // where its "|" is
	body     int // where the line behind the header begins
	indent   int // of its lines; -1 if it has none
	end      int // of its last line, before the line end; blank lines behind it count only where they are kept
	chomping byte
	explicit bool // the header gives the indentation
}

// blockScalar reads the layout of the block scalar at an offset, in a block
// with the given indentation.
// https://yaml.org/spec/1.2.2/#81-block-scalar-styles
func (x *extent) blockScalar(at, indent int) blockScalar {
	b := blockScalar{header: at, indent: -1}
	headerEnd := x.lineEnd(at)
	for _, c := range x.file.data[min(at+1, headerEnd):headerEnd] {
		if c == '+' || c == '-' {
			b.chomping = c
		} else if c >= '1' && c <= '9' {
			b.explicit = true
			b.indent = max(indent, 0) + int(c-'0')
		} else {
			break
		}
	}
	b.end, b.body = headerEnd, headerEnd+lineEndLength(x.file.data[headerEnd:x.end])
	for line := b.body; line < x.end; {
		end := x.lineEnd(line)
		content := bytes.TrimLeft(x.file.data[line:end], " ")
		width := end - line - len(content)
		if b.indent < 0 && len(content) > 0 {
			if width <= indent {
				break
			}
			b.indent = width
		}
		switch {
		case len(content) > 0 && width < b.indent:
			return b
		case len(content) > 0 || b.indent >= 0 && width > b.indent || b.chomping == '+':
			b.end = end
		}
		next := end + lineEndLength(x.file.data[end:x.end])
		if next == end {
			break
		}
		line = next
	}
	return b
}

// lineEndLength returns the length of the line end that the text begins with.
func lineEndLength(text []byte) int {
	switch {
	case len(text) == 0 || text[0] != '\r' && text[0] != '\n':
		return 0
	case len(text) > 1 && text[0] == '\r' && text[1] == '\n':
		return 2
	}
	return 1
}
