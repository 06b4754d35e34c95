package yamltext

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// Document is one document of a text. It is not for concurrent use.
type Document struct {
	Text  string     // of the document alone
	Start int        // where it begins in the text that was parsed
	Root  *yaml.Node // nil without content; of JSON too, with YAML's tags
	JSON  bool       // read as JSON

	*lines          // of Text
	file   *lines   // that was parsed
	shared *sharing // nil until it is asked for
}

func newDocument(file *lines, p part, isJSON bool) *Document {
	text := file.text[p.start:p.end]
	return &Document{Text: text, Start: p.start, JSON: isJSON, lines: newLines(text), file: file}
}

// Position returns where a node begins in the text that was parsed, or the
// document for nil: line and column from 1, columns in characters.
func (d *Document) Position(n *yaml.Node) (line, column int) {
	return d.file.position(d.Start + d.at(n))
}

// Errorf returns an error at a node; at the document's start for nil.
func (d *Document) Errorf(n *yaml.Node, format string, args ...any) *Error {
	return d.errorAt(d.at(n), format, args...)
}

func (d *Document) errorAt(offset int, format string, args ...any) *Error {
	line, column := d.file.position(d.Start + offset)
	return &Error{line, column, fmt.Sprintf(format, args...)}
}

// at returns the offset of a node, its tag and anchor included; 0 for nil.
func (d *Document) at(n *yaml.Node) int {
	switch {
	case n == nil:
		return 0
	case d.JSON:
		return n.Column
	}
	return d.offset(n.Line, n.Column)
}
