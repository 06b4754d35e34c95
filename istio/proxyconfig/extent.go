package proxyconfig

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// end returns the offset behind a node. indent is the column, from 0, of the
// key or dash that the node belongs to. The YAML package tells where nodes
// start only, so this reads on from there; whoever uses it checks the result.
func (l *layout) end(n *yaml.Node, indent int) (int, error) {
	at := l.start(n)
	if n.Kind == yaml.AliasNode {
		return l.untilAny(at, " \t\r\n,]}"), nil
	}
	at = l.skipProperties(n, at)
	if at == len(l.text) {
		return at, nil
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return l.scalarEnd(n, at, indent)
	case yaml.MappingNode, yaml.SequenceNode:
		if n.Style&yaml.FlowStyle != 0 && (l.text[at] == '{' || l.text[at] == '[') {
			return l.flowEnd(n, at)
		}
		if len(n.Content) == 0 {
			return 0, errLayout
		}
		return l.end(n.Content[len(n.Content)-1], n.Column-1)
	}
	return 0, errLayout
}

// skipProperties returns the offset behind a node's anchor and tag.
func (l *layout) skipProperties(n *yaml.Node, at int) int {
	if n.Anchor == "" && n.Style&yaml.TaggedStyle == 0 {
		return at
	}
	for at < len(l.text) && (l.text[at] == '&' || l.text[at] == '!') {
		at = l.skipSpace(l.untilAny(at, " \t\r\n,]}"))
	}
	return at
}

func (l *layout) untilAny(at int, stop string) int {
	if n := strings.IndexAny(l.text[at:], stop); n >= 0 {
		return at + n
	}
	return len(l.text)
}

func (l *layout) scalarEnd(n *yaml.Node, at, indent int) (int, error) {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for i := at + 1; i < len(l.text); i++ {
			switch l.text[i] {
			case '\\':
				i++
			case '"':
				return i + 1, nil
			}
		}
	case n.Style&yaml.SingleQuotedStyle != 0:
		for i := at + 1; i < len(l.text); i++ {
			if l.text[i] != '\'' {
				continue
			}
			if !strings.HasPrefix(l.text[i:], "''") {
				return i + 1, nil
			}
			i++
		}
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return l.blockScalarEnd(n, at, indent), nil
	default:
		return l.plainEnd(n, at)
	}
	return 0, errLayout
}

// plainEnd follows a plain scalar, in which any white space of the text stands
// for any white space of the value.
func (l *layout) plainEnd(n *yaml.Node, at int) (int, error) {
	if strings.HasPrefix(l.text[at:], n.Value) {
		return at + len(n.Value), nil
	}
	rest := n.Value
	for rest != "" {
		if rest[0] == ' ' || rest[0] == '\t' || breakAt(rest, 0) > 0 {
			rest = strings.TrimLeft(rest, " \t\r\n\u0085\u2028\u2029")
			at = len(l.text) - len(strings.TrimLeft(l.text[at:], " \t\r\n\u0085\u2028\u2029"))
			continue
		}
		if at == len(l.text) || l.text[at] != rest[0] {
			return 0, errLayout
		}
		at, rest = at+1, rest[1:]
	}
	return at, nil
}

// blockScalarEnd returns the end of the last line that is indented deeper than
// the scalar's key, blank lines at the end left out.
func (l *layout) blockScalarEnd(n *yaml.Node, at, indent int) int {
	end := l.lineEnd(at)
	if strings.Trim(n.Value, " \t\r\n") == "" {
		return end
	}
	for line := l.nextLine(end); line < len(l.text); {
		content := line
		for content < len(l.text) && l.text[content] == ' ' {
			content++
		}
		lineEnd := l.lineEnd(content)
		if blank := strings.Trim(l.text[content:lineEnd], " \t") == ""; !blank {
			if content-line <= indent {
				break
			}
			end = lineEnd
		}
		if lineEnd == len(l.text) {
			break
		}
		line = l.nextLine(lineEnd)
	}
	return end
}

// flowEnd returns the offset behind the bracket that closes the one at an
// offset.
func (l *layout) flowEnd(n *yaml.Node, at int) (int, error) {
	closing := byte('}')
	if l.text[at] == '[' {
		closing = ']'
	}
	at++
	if len(n.Content) > 0 {
		var err error
		if at, err = l.end(n.Content[len(n.Content)-1], -1); err != nil {
			return 0, err
		}
	}
	at = l.skipSpace(at)
	if at < len(l.text) && l.text[at] == ',' {
		at = l.skipSpace(at + 1)
	}
	if at == len(l.text) || l.text[at] != closing {
		return 0, errLayout
	}
	return at + 1, nil
}
