package yamltext

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Document is one document of a text. It is not for concurrent use.
type Document struct {
	Text  string     // of the document alone
	Start int        // where it begins in the text that was parsed
	Root  *yaml.Node // nil without content; of JSON too, with YAML's tags
	JSON  bool       // read as JSON

	lines
	line1, column1 int // where it begins in the text that was parsed, from 1
	// ascii says that columns count bytes as well as characters.
	ascii bool
	// marks holds, by line, what marksOf returned.
	marks map[int][]int
	// shared holds what aliases stand for; nil until it is asked.
	shared map[*yaml.Node]bool
}

func newDocument(file lines, p part, isJSON bool) *Document {
	text := file.text[p.start:p.end]
	d := &Document{Text: text, Start: p.start, JSON: isJSON, lines: newLines(text)}
	d.line1, d.column1 = file.position(p.start)
	d.ascii = strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	return d
}

// Position returns where a node begins in the text that was parsed, or the
// document for nil: line and column from 1, columns in characters.
func (d *Document) Position(n *yaml.Node) (line, column int) { return d.positionAt(d.at(n)) }

func (d *Document) positionAt(offset int) (line, column int) {
	line, column = d.position(offset)
	if line == 1 {
		column += d.column1 - 1
	}
	return line + d.line1 - 1, column
}

// Errorf returns an error at a node; at the document's start for nil.
func (d *Document) Errorf(n *yaml.Node, format string, args ...any) *Error {
	return d.errorAt(d.at(n), format, args...)
}

func (d *Document) errorAt(offset int, format string, args ...any) *Error {
	line, column := d.positionAt(offset)
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

// offset returns where a line and column of the YAML parser are.
func (d *Document) offset(line, column int) int {
	i := min(line, len(d.starts)) - 1
	if d.ascii {
		return min(d.starts[i]+column-1, len(d.Text))
	}
	marks := d.marksOf(i)
	n := min((column-1)/markStep, len(marks)-1)
	return d.skip(marks[n], column-1-n*markStep)
}

// column returns the width of the text before an offset in its line, in
// characters.
func (d *Document) column(at int) int {
	i := d.line(at)
	if d.ascii {
		return at - d.starts[i]
	}
	marks := d.marksOf(i)
	n := sort.SearchInts(marks, at+1) - 1
	return n*markStep + utf8.RuneCountInString(d.Text[marks[n]:at])
}

// markStep is how many characters apart marks are.
const markStep = 64

// marksOf returns the offsets of every 64th character of a line. Without them,
// each node of a long line would count its characters anew.
func (d *Document) marksOf(line int) []int {
	if marks := d.marks[line]; marks != nil {
		return marks
	}
	end := len(d.Text)
	if line+1 < len(d.starts) {
		end = d.starts[line+1]
	}
	var marks []int
	for at := d.starts[line]; len(marks) == 0 || at < end; at = d.skip(at, markStep) {
		marks = append(marks, at)
	}
	if d.marks == nil {
		d.marks = map[int][]int{}
	}
	d.marks[line] = marks
	return marks
}

// skip returns the offset some characters further on.
func (d *Document) skip(at, characters int) int {
	for ; characters > 0 && at < len(d.Text); characters-- {
		_, size := utf8.DecodeRuneInString(d.Text[at:])
		at += size
	}
	return at
}

// lineStart returns where the line of an offset begins.
func (d *Document) lineStart(at int) int { return d.starts[d.line(at)] }

// lineEnd returns the end of the line at an offset, before its line end.
func (d *Document) lineEnd(at int) int {
	if i := strings.IndexAny(d.Text[at:], "\r\n"); i >= 0 {
		return at + i
	}
	return len(d.Text)
}

// nextLine returns where the line behind the one at an offset begins: where
// the text ends, if there is none.
func (d *Document) nextLine(at int) int {
	end := d.lineEnd(at)
	return end + breakLength(d.Text[end:])
}

// eol returns the line end that is used at an offset.
func (d *Document) eol(at int) string {
	if end := d.lineEnd(at); end < len(d.Text) {
		return d.Text[end : end+breakLength(d.Text[end:])]
	}
	switch before := d.Text[:d.lineStart(at)]; {
	case strings.HasSuffix(before, "\r\n"):
		return "\r\n"
	case strings.HasSuffix(before, "\r"):
		return "\r"
	}
	return "\n"
}

// skipSpace skips white space, line ends and comments.
func (d *Document) skipSpace(at int) int {
	for at < len(d.Text) {
		switch c := d.Text[at]; {
		case isSpace(c):
			at++
		case c == '#' && (at == 0 || isSpace(d.Text[at-1])):
			at = d.lineEnd(at)
		default:
			return at
		}
	}
	return at
}

// skipBlanks skips spaces and tabs.
func (d *Document) skipBlanks(at int) int {
	return len(d.Text) - len(strings.TrimLeft(d.Text[at:], " \t"))
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
