package yamltext

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Error is a problem at a place in a text.
type Error struct {
	Line, Column int // from 1; columns count characters
	Message      string
}

// Error returns "line:column: message".
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// Parse reads every document of a text, those without content included. What
// is neither YAML nor JSON is a problem, one for each broken document.
func Parse(text string) (documents []*Document, problems []*Error) {
	file := newLines(text)
	if problem := checkEncoding(file); problem != nil {
		return nil, []*Error{problem}
	}
	for p := range parts(text) {
		read, problem := parse(file, p, len(documents)+len(problems)+1)
		documents = append(documents, read...)
		if problem != nil {
			problems = append(problems, problem)
		}
	}
	return documents, problems
}

// First reads the first document of a text and no further. A text without any
// is a document without content.
func First(text string) (*Document, *Error) {
	file := newLines(text)
	if problem := checkEncoding(file); problem != nil {
		return nil, problem
	}
	for p := range parts(text) {
		documents, problem := parse(file, p, 1)
		if problem != nil || len(documents) == 0 {
			return newDocument(file, p, false), problem
		}
		return documents[0], nil
	}
	start := len(text) - len(strings.TrimPrefix(text, byteOrderMark))
	return newDocument(file, part{start, len(text)}, false), nil
}

// part is a piece of a text that holds one YAML document, or JSON values.
type part struct{ start, end int }

// parts cuts a text at the markers of YAML documents. A line that begins with
// "---" or "..." is a marker wherever it stands, even inside of a scalar
// (https://yaml.org/spec/1.2.2/#rule-c-forbidden).
func parts(text string) iter.Seq[part] {
	return func(yield func(part) bool) {
		start, content := len(text)-len(strings.TrimPrefix(text, byteOrderMark)), false
		cut := func(at int) (more bool) {
			more = !content || yield(part{start, at})
			start, content = at, false
			return more
		}
		for at := start; at < len(text); {
			end := at + lineLength(text[at:])
			line := strings.TrimRight(text[at:end], "\r\n")
			switch {
			case isMarker(line, "---"):
				if content && !cut(at) {
					return
				}
				content = true
			case isMarker(line, "..."):
				if !cut(end) {
					return
				}
			case strings.TrimLeft(line, " \t") == "" || line[0] == '#' || line[0] == '%' && !content:
			default:
				content = true
			}
			at = end
		}
		cut(len(text))
	}
}

func isMarker(line, marker string) bool {
	rest, ok := strings.CutPrefix(line, marker)
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// lineLength returns the length of the first line with its end, for markers and
// directives.
func lineLength(text string) int {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return i + breakLength(text[i:])
	}
	return len(text)
}

// parse reads the document, or the several JSON values, of a part. number is
// what messages call the first.
func parse(file *lines, p part, number int) ([]*Document, *Error) {
	documents, isJSON, jsonProblem := parseJSON(file, p, number)
	if isJSON && jsonProblem == nil {
		return documents, nil
	}
	d := newDocument(file, p, false)
	problem := d.load(number)
	switch {
	case problem != nil && isJSON:
		return nil, jsonProblem
	case problem != nil:
		return nil, problem
	}
	return []*Document{d}, nil
}

// load reads the nodes of a YAML document.
func (d *Document) load(number int) *Error {
	loader, err := yaml.NewLoader(strings.NewReader(Readable(d.Text)))
	if err != nil {
		return d.syntaxError(err, number)
	}
	var node yaml.Node
	if err := loader.Load(&node); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return d.syntaxError(err, number)
	}
	if err := loader.Load(new(yaml.Node)); err == nil {
		return d.errorAt(0, "got several documents without a line \"---\" between them")
	} else if !errors.Is(err, io.EOF) {
		return d.syntaxError(err, number)
	}
	if len(node.Content) == 1 {
		d.Root = node.Content[0]
	}
	return nil
}

// Readable returns a document as the YAML packages take it: they read version
// 1.2, but not the line that says so.
func Readable(text string) string {
	const directive = "%YAML 1.2"
	for at := 0; at < len(text); at += lineLength(text[at:]) {
		switch line := text[at:]; {
		case strings.HasPrefix(line, directive):
			return text[:at] + "%YAML 1.1" + line[len(directive):]
		case line[0] != '#' && line[0] != '%' && line[0] != '\r' && line[0] != '\n':
			return text // directives come first
		}
	}
	return text
}

// syntaxError says where the text is no YAML, and what to do if it is the
// source of a template.
func (d *Document) syntaxError(err error, number int) *Error {
	offset, message := 0, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		message = load.Message
		if load.Mark.Line > 0 {
			offset = d.offset(load.Mark.Line, load.Mark.Column)
		} else {
			offset = max(strings.IndexFunc(d.Text, isControl), 0) // the parser stops before it counts lines
		}
	}
	hint := ""
	if strings.Contains(d.Text, "{{") {
		hint = "; it looks like a template: render it first, as with helm template"
	}
	return d.errorAt(offset, "document %d is no YAML: %s%s", number, message, hint)
}

// isControl reports whether no YAML may hold a character.
// https://yaml.org/spec/1.2.2/#rule-c-printable
func isControl(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n\u0085", r) }

// checkEncoding refuses what is not UTF-8, which neither format allows here.
func checkEncoding(file *lines) *Error {
	text := file.text
	if utf8.ValidString(text) {
		return nil
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return &Error{1, 1, "got UTF-16, want UTF-8: convert it, as with iconv -f UTF-16 -t UTF-8"}
	}
	offset := 0
	for {
		r, size := utf8.DecodeRuneInString(text[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	line, column := file.position(offset)
	return &Error{line, column, fmt.Sprintf("got byte 0x%02x, want UTF-8", text[offset])}
}
