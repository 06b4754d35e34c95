package yamltext

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// extent finds where nodes end, which the parser does not say.
type extent struct {
	*Document
	err *Error // the first problem
}

// fail notes the first place that is not as expected. It should not happen;
// if it does, nothing is edited.
func (x *extent) fail(offset int, want string) int {
	if x.err == nil {
		x.err = x.errorAt(offset, "cannot tell where this ends: want %s; write it in a plainer form", want)
	}
	return offset
}

// bare returns where a node's own text begins, behind its tag and anchor.
func (x *extent) bare(n *yaml.Node) int {
	at := x.at(n)
	if x.JSON || n.Kind == yaml.AliasNode || len(n.Content) > 0 && x.at(n.Content[0]) == at {
		return at // what stands here is its first child's
	}
	for x.isProperty(at) {
		at = x.skipSpace(x.propertyEnd(at))
	}
	return at
}

// propertiesEnd returns the end of a value that is written as a tag or an
// anchor and nothing else, as in "a: !!null".
func (x *extent) propertiesEnd(n *yaml.Node) int {
	end := x.at(n)
	for at := end; x.isProperty(at); at = x.skipBlanks(end) {
		end = x.propertyEnd(at)
	}
	return end
}

// isProperty reports whether a tag or an anchor begins at an offset.
func (x *extent) isProperty(at int) bool {
	c := x.byteAt(at)
	return c == '&' || c == '!'
}

func (x *extent) propertyEnd(at int) int {
	if strings.HasPrefix(x.Text[at:], "!<") {
		at += strings.IndexByte(x.Text[at:], '>')
	}
	return len(x.Text) - len(strings.TrimLeftFunc(x.Text[at:], func(r rune) bool {
		return !strings.ContainsRune(" \t\r\n,]}", r)
	}))
}

// end returns the offset behind a node. indent is the column, from 0, of the
// block that holds it, -1 at the top.
func (x *extent) end(n *yaml.Node, indent int) int {
	at := x.bare(n)
	switch {
	case n.Kind == yaml.AliasNode:
		return at + len("*") + len(n.Value)
	case n.Kind == yaml.ScalarNode:
		return x.scalarEnd(n, at, indent)
	case x.hasBrackets(n):
		return x.flowEnd(n)
	case len(n.Content) == 0:
		return at
	}
	return x.lastEnd(n, x.inner(n))
}

// hasBrackets reports whether brackets are around a node. A single pair in a
// flow sequence has none, but what it begins with may have.
func (x *extent) hasBrackets(n *yaml.Node) bool {
	at := x.bare(n)
	c := x.byteAt(at)
	return IsFlow(n) && (c == '{' || c == '[') && (len(n.Content) == 0 || x.at(n.Content[0]) != at)
}

// inFlow stands for the indentation of what is in brackets, which has none.
const inFlow = 0

// inner returns the indentation that the children of a node are in: the column
// of their block, from 0.
func (x *extent) inner(n *yaml.Node) int {
	if IsFlow(n) {
		return inFlow
	}
	return x.column(x.bare(n))
}

func (x *extent) scalarEnd(n *yaml.Node, at, indent int) int {
	switch {
	case isUnwritten(n):
		return x.at(n)
	case n.Value == "" && n.Style&^yaml.TaggedStyle == 0:
		return x.propertiesEnd(n)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return x.quotedEnd(at, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		return x.quotedEnd(at, '\'')
	case isBlockScalar(n):
		return x.blockScalar(at, indent).end
	}
	return x.plainEnd(at, n)
}

// lastEnd returns the end of the last child, which may be an empty value
// behind the colon of its key. indent is that of the children's block.
func (x *extent) lastEnd(n *yaml.Node, indent int) int {
	last := n.Content[len(n.Content)-1]
	if n.Kind == yaml.MappingNode && isUnwritten(last) {
		return x.colonEnd(n.Content[len(n.Content)-2], indent)
	}
	return x.end(last, indent)
}

// pairEnd returns the end of a key with its value. indent is that of their
// block.
func (x *extent) pairEnd(entry []*yaml.Node, indent int) int {
	return x.lastEnd(&yaml.Node{Kind: yaml.MappingNode, Content: entry}, indent)
}

// colonEnd returns the offset behind the colon of a key, or behind the key if
// it has none.
func (x *extent) colonEnd(key *yaml.Node, indent int) int {
	end := x.end(key, indent)
	if at := x.skipSpace(end); x.byteAt(at) == ':' {
		return at + 1
	}
	return end
}

// behindColon returns the offset behind the colon that a key must have.
func (x *extent) behindColon(key *yaml.Node, indent int) int {
	end := x.colonEnd(key, indent)
	if !strings.HasSuffix(x.Text[:end], ":") {
		x.fail(end, `":"`)
	}
	return end
}

// flowEnd returns the offset behind the bracket that closes a node in flow
// style.
func (x *extent) flowEnd(n *yaml.Node) int {
	closing := byte('}')
	if n.Kind == yaml.SequenceNode {
		closing = ']'
	}
	end := x.bare(n) + 1
	if len(n.Content) > 0 {
		end = max(end, x.lastEnd(n, inFlow))
	}
	for x.err == nil {
		end = x.skipSpace(end)
		switch x.byteAt(end) {
		case closing:
			return end + 1
		case ',':
			end++
		default:
			x.fail(end, fmt.Sprintf("%q", closing))
		}
	}
	return end
}

func (x *extent) quotedEnd(at int, quote byte) int {
	if x.byteAt(at) != quote {
		return x.fail(at, fmt.Sprintf("%q", quote))
	}
	for at++; at < len(x.Text); at++ {
		switch c := x.Text[at]; {
		case c == '\\' && quote == '"':
			at++
		case c == quote && quote == '\'' && strings.HasPrefix(x.Text[at+1:], "'"):
			at++
		case c == quote:
			return at + 1
		}
	}
	return x.fail(len(x.Text), fmt.Sprintf("%q", quote))
}

// plainEnd matches the text with the value, in which line ends are folded.
func (x *extent) plainEnd(at int, n *yaml.Node) int {
	for word := range strings.FieldsFuncSeq(n.Value, isFolded) {
		at = len(x.Text) - len(strings.TrimLeftFunc(x.Text[at:], isFolded))
		if !strings.HasPrefix(x.Text[at:], word) {
			return x.fail(at, fmt.Sprintf("%q", word))
		}
		at += len(word)
	}
	return at
}

// isFolded reports whether a character may stand for a line end in a plain
// scalar.
func isFolded(r rune) bool {
	return strings.ContainsRune(" \t\r\n\u0085\u2028\u2029", r)
}

// blockScalar is how a literal or folded scalar stands in the text.
type blockScalar struct {
	body     int    // where the line behind the header begins
	indent   int    // of its lines; -1 if it has none
	end      int    // of its last line, before the line end; blank lines behind it count only where they are kept
	digit    string // the indentation indicator of its header, or ""
	chomping string // "+", "-" or ""
}

// headerEnd returns the end of the indicators of the block scalar whose "|" or
// ">" is at an offset.
func (x *extent) headerEnd(at int) int {
	return len(x.Text) - len(strings.TrimLeft(x.Text[at+1:], "+-123456789"))
}

// blockScalar reads the block scalar at an offset, in a block with the given
// indentation.
// https://yaml.org/spec/1.2.2/#81-block-scalar-styles
func (x *extent) blockScalar(at, indent int) blockScalar {
	if c := x.byteAt(at); c != '|' && c != '>' {
		return blockScalar{indent: -1, body: at, end: x.fail(at, `"|"`)}
	}
	b := blockScalar{indent: -1, end: x.lineEnd(at), body: x.nextLine(at)}
	for _, c := range x.Text[at+1 : x.headerEnd(at)] {
		if c == '+' || c == '-' {
			b.chomping = string(c)
		} else {
			b.digit = string(c)
			b.indent = max(indent, 0) + int(c-'0')
		}
	}
	for line := b.body; line < len(x.Text); line = x.nextLine(line) {
		end := x.lineEnd(line)
		content := strings.TrimLeft(x.Text[line:end], " ")
		width := end - line - len(content)
		if b.indent < 0 && content != "" {
			if width <= indent {
				break
			}
			b.indent = width
		}
		if content != "" && width < b.indent {
			break
		}
		if content != "" || b.indent >= 0 && width > b.indent || b.chomping == "+" {
			b.end = end
		}
	}
	return b
}
