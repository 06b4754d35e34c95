package manifest

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules"
)

// editBlock changes annotations that stand on lines of their own.
func (e *editor) editBlock(n *yaml.Node, c change) {
	l := e.layoutOf(n)
	var added []rules.Annotation
	for _, a := range c.set {
		if i := indexOf(n, a.Key); i >= 0 {
			e.replaceInBlock(n.Content[i], n.Content[i+1], a.Value, l)
			continue
		}
		added = append(added, a)
	}
	lines := l.entries(added)
	kept := false
	for i := 0; i < len(n.Content); i += 2 {
		if slices.Contains(c.remove, resolve(n.Content[i]).Value) {
			e.removeLines(n, i, l)
		} else {
			kept = true
		}
	}
	if !kept && len(added) == 0 {
		// The key stays, and a null would do; but braces say that it is meant.
		e.emptyBlock(n)
	}
	if len(added) > 0 {
		e.addEntries(n, l, lines, isOpen(added))
	}
}

// removeLines removes the lines of one entry.
func (e *editor) removeLines(n *yaml.Node, i int, l layout) {
	key := n.Content[i]
	start := e.lineStart(e.at(key))
	if strings.TrimSpace(string(e.file.data[start:e.at(key)])) != "" {
		e.refuse(key, "got the annotation %s behind other text on its line, want it on a line of its own", resolve(key).Value)
		return
	}
	one := &yaml.Node{Kind: yaml.MappingNode, Content: n.Content[i : i+2]}
	end := e.lineEnd(e.lastEnd(one, len(l.indent)))
	if next := end + lineEndLength(e.file.data[end:]); next > end {
		e.splice(start, next, "")
		return
	}
	// The last line of a file without a line end: the one before loses its own.
	if bytes.HasSuffix(e.file.data[:start], []byte("\r\n")) {
		start--
	}
	e.splice(start-1, end, "")
}

// emptyBlock writes "{}" where all annotations go.
func (e *editor) emptyBlock(n *yaml.Node) {
	metadata := direct(e.root, "metadata")
	if direct(metadata, "annotations") != n {
		return
	}
	i := indexOf(metadata, "annotations")
	colon := e.colon(metadata.Content[i], e.column(e.at(metadata.Content[0])))
	e.splice(colon, colon, " {}")
}

// replaceInBlock gives an annotation another value, in the style of the old
// one where the new one can have it.
func (e *editor) replaceInBlock(key, value *yaml.Node, text string, l layout) {
	if !e.mayReplace(value) {
		return
	}
	indent := len(l.indent)
	if isEmpty(value) {
		colon := e.colon(key, indent)
		e.writeValue(colon, colon, " ", text, plainIfSafe, l)
		return
	}
	start, end := e.at(value), e.endOf(value, indent)
	if e.err != nil {
		return
	}
	if value.Kind == yaml.ScalarNode && value.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		e.replaceBlockScalar(value, text, l)
		return
	}
	quotes := quotingOf(value)
	if value.Kind == yaml.AliasNode {
		quotes = plainIfSafe
	}
	e.writeValue(start, end, "", text, quotes, l)
}

// writeValue puts a value in the place of another that is no block scalar. A
// text of several lines becomes a literal block, unless it was in double
// quotes before.
func (e *editor) writeValue(start, end int, before, text string, quotes quoting, l layout) {
	lineEnd := e.lineEnd(end)
	oneLine := !bytes.ContainsAny(e.file.data[start:end], "\r\n")
	if lineEnd == len(e.file.data) && strings.HasSuffix(text, "\n") {
		oneLine = false // the last line would need the line end that the file has not
	}
	if quotes != doubleQuotes && oneLine && strings.Contains(text, "\n") && canBeLiteral(text) {
		e.splice(start, end, before+"|"+chompingFor(text))
		e.addLines(lineEnd, literalLines(text, l.indent+l.step, l.eol), l.eol, false)
		return
	}
	e.splice(start, end, before+quotes.write(text))
}
