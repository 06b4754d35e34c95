// Package pieces cuts the text of a rules file into parts that YAML's parser reads one after the
// other: the tree of a text takes twenty times the memory of the text, and several times that of the
// rules in it.
//
// Only what people and charts write is cut, a list of rules in block style: a line "rules:", and
// below it lines that begin with the same spaces and a dash. Where such a line is something else,
// as within a quoted text, the part before it cannot be parsed by itself; nor can a part with an
// alias for what is in another one. Such a text is to be read as a whole. And what programs write,
// JSON in which each rule begins a line.
package pieces

import (
	"bytes"
	"io"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Piece is some of the items of the list.
type Piece struct {
	in    *style
	text  []byte
	line  int // of the first item, from 1 in the whole text
	items int
}

// style is how a list is written: what stands above its items, one line, and what below them, in
// a text that has nothing else.
type style struct{ above, below string }

var (
	block = &style{above: key + "\n"}
	// On the line of a document's start it cannot be a key, for which YAML's parser would keep
	// all signs up to its end.
	inJSON = &style{above: "--- {\"rules\": [\n", below: "]}"}
)

// item is where an item begins, or where the list ends.
type item struct{ offset, line int }

// key is the line above the list.
const key = "rules:"

// Cut cuts a text into pieces that are about so many bytes long. The first one stands in the
// skeleton, which is the text with lines that say nothing in place of the other pieces: everything
// in it has its position. There are no pieces if the text is not to be cut.
func Cut(text []byte, size int) (skeleton []byte, list []Piece) {
	if oddLines(text) {
		return nil, nil
	}
	in, items := block, find(text)
	if bytes.HasPrefix(text, []byte("{")) {
		in, items = inJSON, findInJSON(text)
	}
	for i := 0; i+1 < len(items); {
		begin := i
		for i++; i+1 < len(items) && items[i].offset-items[begin].offset < size; {
			i++
		}
		list = append(list, Piece{in, text[items[begin].offset:items[i].offset], items[begin].line, i - begin})
	}
	if len(list) < 2 {
		return nil, nil
	}
	first, last := items[list[0].items], items[len(items)-1]
	// A comment ends what empty lines could belong to, a text that keeps those at its end.
	return slices.Concat(text[:first.offset], []byte("#"), bytes.Repeat([]byte("\n"), last.line-first.line), text[last.offset:]), list
}

// oddLines reports whether a text has lines that end otherwise than find takes them to: YAML's
// parser would count others.
func oddLines(text []byte) bool {
	for _, end := range []string{"\u0085", "\u2028", "\u2029"} {
		if bytes.Contains(text, []byte(end)) {
			return true
		}
	}
	return bytes.Count(text, []byte("\r")) != bytes.Count(text, []byte("\r\n"))
}

// find returns where the items of the list begin, and behind them where it ends; none without a
// list.
func find(text []byte) (items []item) {
	indent, at := -1, item{0, 1}
	for listed := false; at.offset < len(text); at.line++ {
		line := text[at.offset:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end+1]
		}
		content := bytes.TrimLeft(line, " ")
		spaces := len(line) - len(content)
		switch dash, isItem := bytes.CutPrefix(content, []byte("-")); {
		case !listed:
			rest, found := bytes.CutPrefix(line, []byte(key))
			listed = found && len(bytes.TrimSpace(rest)) == 0
		case len(bytes.TrimSpace(line)) == 0 || content[0] == '#':
		case isItem && len(bytes.TrimLeft(dash, " \r\n")) < len(dash) && (indent < 0 || spaces == indent):
			indent = spaces
			items = append(items, at)
		case spaces <= indent || indent < 0:
			return end(items, at)
		}
		at.offset += len(line)
	}
	return end(items, at)
}

func end(items []item, at item) []item {
	if items == nil {
		return nil
	}
	return append(items, at)
}

// Reader reads the piece as a text of its own, a mapping with the list alone.
func (p *Piece) Reader() io.Reader {
	return io.MultiReader(strings.NewReader(p.in.above), bytes.NewReader(p.text), strings.NewReader(p.in.below))
}

// Len is how many items it has.
func (p *Piece) Len() int { return p.items }

// Place moves the lines of what Reader gave to where they are in the whole text.
func (p *Piece) Place(n *yaml.Node) {
	n.Line += p.line - 2
	for _, below := range n.Content {
		p.Place(below)
	}
}

// Is reports whether a list of the skeleton is the piece.
func (p *Piece) Is(list *yaml.Node) bool {
	if list.Kind != yaml.SequenceNode || len(list.Content) != p.items {
		return false
	}
	if p.in == inJSON {
		list = list.Content[0] // its bracket stands somewhere above
	}
	return list.Line == p.line
}
