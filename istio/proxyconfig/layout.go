package proxyconfig

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// errLayout says that a text is valid but written in a way that cannot be
// edited in place.
var errLayout = errors.New("written in a way that holdfast cannot edit")

// layout tells where the nodes of a YAML text stand in it.
type layout struct {
	text  string
	lines []int // offset of each line
	root  *yaml.Node
	eol   string // how lines end
}

// entry is one key of a mapping with its value.
type entry struct {
	key, value *yaml.Node
}

const byteOrderMark = "\ufeff"

func newLayout(text string) (*layout, error) {
	var document yaml.Node
	// As Istio's decoder, this reads no further than the first document.
	err := yaml.NewDecoder(strings.NewReader(text)).Decode(&document)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", errLayout, err)
	}
	l := &layout{text: text, eol: "\n", lines: make([]int, 1, 16)}
	if len(document.Content) > 0 {
		l.root = document.Content[0]
	}
	if strings.HasPrefix(text, byteOrderMark) {
		l.lines[0] = len(byteOrderMark)
	}
	for at := 0; at < len(text); {
		n := breakAt(text, at)
		if n == 0 {
			at++
			continue
		}
		if len(l.lines) == 1 && n <= 2 && text[at] < utf8.RuneSelf {
			l.eol = text[at : at+n]
		}
		at += n
		l.lines = append(l.lines, at)
	}
	return l, nil
}

// breakAt returns the length of the line break at an offset, or 0. YAML 1.1
// counts more characters as breaks than most people know.
// Source: https://yaml.org/spec/1.1/#id871136
func breakAt(text string, at int) int {
	switch text[at] {
	case '\n':
		return 1
	case '\r':
		if strings.HasPrefix(text[at:], "\r\n") {
			return 2
		}
		return 1
	case '\xc2':
		if strings.HasPrefix(text[at:], "\u0085") {
			return 2
		}
	case '\xe2':
		if strings.HasPrefix(text[at:], "\u2028") || strings.HasPrefix(text[at:], "\u2029") {
			return 3
		}
	}
	return 0
}

// find returns the last top-level entry of that name, the one that counts, or
// nil.
func (l *layout) find(name string) *entry {
	if l.root == nil {
		return nil
	}
	return lastEntry(entriesOf(l.root), name)
}

// entries lists the entries of an entry's mapping.
func (l *layout) entries(of *entry) []*entry {
	if of == nil {
		return nil
	}
	return entriesOf(of.value)
}

func entriesOf(mapping *yaml.Node) []*entry {
	if mapping.Kind != yaml.MappingNode {
		return nil
	}
	entries := make([]*entry, 0, len(mapping.Content)/2)
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		entries = append(entries, &entry{mapping.Content[i], mapping.Content[i+1]})
	}
	return entries
}

func lastEntry(entries []*entry, name string) *entry {
	for i := len(entries) - 1; i >= 0; i-- {
		if key := entries[i].key; key.Kind == yaml.ScalarNode && key.Value == name {
			return entries[i]
		}
	}
	return nil
}

// start returns the offset of a node, its anchor and tag included.
func (l *layout) start(n *yaml.Node) int {
	at := l.lines[min(max(n.Line, 1), len(l.lines))-1]
	for column := 1; column < n.Column && at < len(l.text); column++ {
		_, size := utf8.DecodeRuneInString(l.text[at:])
		at += size
	}
	return at
}

// lineStart returns where the line of an offset begins.
func (l *layout) lineStart(at int) int {
	low, high := 0, len(l.lines)
	for high-low > 1 {
		if middle := (low + high) / 2; l.lines[middle] <= at {
			low = middle
		} else {
			high = middle
		}
	}
	return l.lines[low]
}

// lineEnd returns where the line of an offset ends, before its line break.
func (l *layout) lineEnd(at int) int {
	for at < len(l.text) && breakAt(l.text, at) == 0 {
		at++
	}
	return at
}

// previousEnd returns where the line before the one that begins at an offset
// ends.
func (l *layout) previousEnd(lineStart int) int {
	if lineStart <= l.lines[0] {
		return lineStart
	}
	return l.lineEnd(l.lineStart(lineStart - 1))
}

// nextLine returns the offset behind the line break at an offset.
func (l *layout) nextLine(end int) int {
	if end < len(l.text) {
		end += breakAt(l.text, end)
	}
	return end
}

// skipBlanks returns the offset of the next character that is neither a space
// nor a tab.
func (l *layout) skipBlanks(at int) int {
	for at < len(l.text) && (l.text[at] == ' ' || l.text[at] == '\t') {
		at++
	}
	return at
}

// skipSpace skips blanks, line breaks and comments.
func (l *layout) skipSpace(at int) int {
	for {
		at = l.skipBlanks(at)
		switch {
		case at == len(l.text):
			return at
		case l.text[at] == '#':
			at = l.lineEnd(at)
		case breakAt(l.text, at) > 0:
			at += breakAt(l.text, at)
		default:
			return at
		}
	}
}
