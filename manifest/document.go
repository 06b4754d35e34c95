package manifest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// document is one document of a file.
type document struct {
	file       *File
	start, end int // in the file, as all offsets
	root       *yaml.Node
	// json says that the nodes carry their offset in Column.
	json bool
	// ascii says that columns count bytes as well as characters.
	ascii bool
	// firstLine is the index of the line where YAML's line 1 is.
	firstLine int
	// marks holds, by line, offsets of columns at a fixed distance.
	marks map[int][]int
	// referenced holds what aliases stand for; nil until it is asked.
	referenced map[*yaml.Node]bool
}

// part is a piece of a file that holds one YAML document, or JSON values.
type part struct{ start, end int }

var byteOrderMark = []byte("\ufeff")

// splitDocuments cuts a file at the markers of YAML documents. A line that
// begins with "---" or "..." is a marker wherever it stands, even inside of a
// scalar (https://yaml.org/spec/1.2.2/#rule-c-forbidden).
func splitDocuments(data []byte) []part {
	var parts []part
	start, content := 0, false
	if bytes.HasPrefix(data, byteOrderMark) {
		start = len(byteOrderMark)
	}
	cut := func(at int) {
		if content {
			parts = append(parts, part{start, at})
		}
		start, content = at, false
	}
	for at := start; at < len(data); {
		end := at + lineLength(data[at:])
		line := bytes.TrimRight(data[at:end], "\r\n")
		switch {
		case isMarker(line, "---"):
			if content {
				cut(at)
			}
			content = true
		case isMarker(line, "..."):
			cut(end)
		case len(bytes.TrimLeft(line, " \t")) == 0 || line[0] == '#':
		case line[0] == '%' && !content:
		default:
			content = true
		}
		at = end
	}
	if content {
		parts = append(parts, part{start, len(data)})
	}
	return parts
}

func isMarker(line []byte, marker string) bool {
	return bytes.HasPrefix(line, []byte(marker)) &&
		(len(line) == len(marker) || line[len(marker)] == ' ' || line[len(marker)] == '\t')
}

// lineLength returns the length of the first line with its end.
func lineLength(data []byte) int {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0:
		return len(data)
	case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
		return i + 2
	}
	return i + 1
}

// parseDocuments reads the document, or the several JSON values, of a part.
func (f *File) parseDocuments(p part, number int) ([]*document, error) {
	documents, isJSON, jsonErr := f.parseJSON(p, number)
	if isJSON && jsonErr == nil {
		return documents, nil
	}
	d := &document{file: f, start: p.start, end: p.end, firstLine: f.line(p.start), ascii: isASCII(f.data[p.start:p.end])}
	loader, err := yaml.NewLoader(bytes.NewReader(readable(f.data[p.start:p.end])))
	if err != nil {
		return nil, err
	}
	var node yaml.Node
	switch err := loader.Load(&node); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		if isJSON {
			return nil, jsonErr
		}
		return nil, d.syntaxError(err, number)
	}
	if err := loader.Load(new(yaml.Node)); !errors.Is(err, io.EOF) {
		if isJSON {
			return nil, jsonErr
		}
		if err == nil {
			return nil, f.errorAt(p.start, "got several documents without a line \"---\" between them")
		}
		return nil, d.syntaxError(err, number)
	}
	if len(node.Content) == 1 {
		d.root = node.Content[0]
	}
	return []*document{d}, nil
}

// readable returns a document as the YAML packages take it: they read version
// 1.2, but not the line that says so.
func readable(text []byte) []byte {
	const directive = "%YAML 1.2"
	for at := 0; at < len(text); at += lineLength(text[at:]) {
		switch line := text[at:]; {
		case bytes.HasPrefix(line, []byte(directive)):
			text = slices.Clone(text)
			copy(text[at:], "%YAML 1.1")
			return text
		case lineLength(line) > 0 && line[0] != '#' && line[0] != '%' && line[0] != '\r' && line[0] != '\n':
			return text // directives come first
		}
	}
	return text
}

// syntaxError says where the text is no YAML, and what to do if it is the
// source of a template.
func (d *document) syntaxError(err error, number int) error {
	offset, message := d.start, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		message = load.Message
		if load.Mark.Line > 0 {
			offset = d.offset(load.Mark.Line, load.Mark.Column)
		} else if i := bytes.IndexFunc(d.file.data[d.start:d.end], isControl); i >= 0 {
			offset += i // the parser stops before it counts lines
		}
	}
	hint := ""
	if bytes.Contains(d.file.data[d.start:d.end], []byte("{{")) {
		hint = "; it looks like a template: render it first, as with helm template"
	}
	return d.file.errorAt(offset, "document %d is no YAML: %s%s", number, message, hint)
}

// isControl says whether no YAML may hold a character.
// https://yaml.org/spec/1.2.2/#rule-c-printable
func isControl(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n\u0085", r) }

// checkEncoding refuses what is not UTF-8, which neither format allows here.
func (f *File) checkEncoding() error {
	if utf8.Valid(f.data) {
		return nil
	}
	if bytes.HasPrefix(f.data, []byte("\xff\xfe")) || bytes.HasPrefix(f.data, []byte("\xfe\xff")) {
		return &Error{f.name, 1, 1, "got UTF-16, want UTF-8: convert it, as with iconv -f UTF-16 -t UTF-8"}
	}
	offset := 0
	for offset < len(f.data) {
		r, size := utf8.DecodeRune(f.data[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	return f.errorAt(offset, "got byte 0x%02x, want UTF-8", f.data[offset])
}

// lineOffsets returns where lines begin, as the YAML scanner counts them: it
// also ends lines at NEL, LS and PS.
func lineOffsets(text []byte) []int {
	lines := []int{0}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\n':
			lines = append(lines, i+1)
		case '\r':
			if i+1 == len(text) || text[i+1] != '\n' {
				lines = append(lines, i+1)
			}
		case 0xc2:
			if i+1 < len(text) && text[i+1] == 0x85 {
				lines = append(lines, i+2)
			}
		case 0xe2:
			if i+2 < len(text) && text[i+1] == 0x80 && (text[i+2] == 0xa8 || text[i+2] == 0xa9) {
				lines = append(lines, i+3)
			}
		}
	}
	return lines
}

// line returns the index of the line that holds an offset.
func (f *File) line(offset int) int { return sort.SearchInts(f.lines, offset+1) - 1 }

// position returns line and column of an offset, from 1.
func (f *File) position(offset int) (line, column int) {
	i := f.line(offset)
	text := bytes.TrimPrefix(f.data[f.lines[i]:offset], byteOrderMark)
	return i + 1, utf8.RuneCount(text) + 1
}

// offset returns where a line and column of the YAML parser are.
func (d *document) offset(line, column int) int {
	i := min(d.firstLine+line-1, len(d.file.lines)-1)
	at := max(d.file.lines[i], d.start)
	if d.ascii {
		return min(at+column-1, d.end)
	}
	// Without marks, each node of a long line would count the line anew.
	const step = 64
	if column <= step {
		return d.skip(at, column-1)
	}
	marks := d.marks[i]
	if marks == nil {
		marks = []int{at}
	}
	for len(marks)*step < column {
		marks = append(marks, d.skip(marks[len(marks)-1], step))
	}
	if d.marks == nil {
		d.marks = map[int][]int{}
	}
	d.marks[i] = marks
	return d.skip(marks[(column-1)/step], (column-1)%step)
}

// skip returns the offset some characters further on.
func (d *document) skip(at, characters int) int {
	for ; characters > 0 && at < d.end; characters-- {
		_, size := utf8.DecodeRune(d.file.data[at:])
		at += size
	}
	return min(at, d.end)
}

func isASCII(text []byte) bool {
	return !slices.ContainsFunc(text, func(c byte) bool { return c >= utf8.RuneSelf })
}

// column returns the width of the text before an offset in its line, in
// characters.
func (d *document) column(offset int) int {
	if d.ascii {
		return offset - max(d.file.lines[d.file.line(offset)], d.start)
	}
	_, column := d.file.position(offset)
	return column - 1
}

// at returns where a node begins, its tag and anchor included.
func (d *document) at(n *yaml.Node) int {
	if d.json {
		return n.Column
	}
	return d.offset(n.Line, n.Column)
}
