package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Limits of a rules file. They are far above what a ConfigMap can hold (1 MiB,
// about 10,000 rules) and keep hostile input from exhausting memory.
const (
	// MaxFileSize is the size of a rules file, in bytes.
	MaxFileSize = 8 << 20
	// MaxValues is how many values a file may hold after its aliases are
	// unfolded.
	MaxValues = 2_000_000
	// MaxProblems is how many problems are listed.
	MaxProblems = 10_000
	// maxDepth is how deep a file may nest; the format itself needs 8.
	maxDepth = 64
)

// Load reads a rules file strictly. Every problem is reported, errors and
// warnings, in text order. file is nil if there is any error. name stands in
// the problems.
//
// YAML 1.2 and JSON are read; anchors, aliases and merge keys count as what
// they stand for. After an error of syntax nothing else is reported.
func Load(name string, data []byte) (file *File, problems Problems) {
	l := newLoader(name)
	if root := l.parse(data); root != nil {
		file = l.file(root)
	}
	l.problems.sort()
	l.problems = l.problems.withoutRepeats()
	l.reportDropped()
	if l.problems.HasErrors() {
		return nil, l.problems
	}
	return file, l.problems
}

// parse returns the root of the only document, or nil after reporting why
// there is none.
func (l *loader) parse(data []byte) *yaml.Node {
	if len(data) > MaxFileSize {
		l.report(1, 1, SeverityError, FileTooLarge, nil,
			fmt.Sprintf("got %d bytes, want at most %d (8 MiB): split the rules over several installations, or join rules that differ only in their destinations", len(data), MaxFileSize))
		return nil
	}
	if !l.checkText(data) {
		return nil
	}
	reader, err := yaml.NewLoader(bytes.NewReader(data),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil { // only for options that contradict each other
		l.report(1, 1, SeverityError, BadSyntax, nil, err.Error())
		return nil
	}
	var root *yaml.Node
	for documents := 0; ; {
		var document yaml.Node
		err := reader.Load(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			l.syntaxError(data, err)
			return nil
		}
		// Empty documents, such as a "---" at the end leaves, count for nothing.
		if len(document.Content) != 1 || document.Content[0].Kind == yaml.ScalarNode && document.Content[0].ShortTag() == nullTag {
			continue
		}
		switch documents++; documents {
		case 1:
			root = document.Content[0]
		case 2:
			l.report(document.Line, document.Column, SeverityError, ManyDocuments, nil,
				"got a second document, want one per file: remove the \"---\" and put all rules into one list")
		}
	}
	if root == nil {
		l.reportEmpty(1, 1)
	}
	return root
}

func (l *loader) reportEmpty(line, column int) {
	l.report(line, column, SeverityError, EmptyFile, nil,
		"got an empty file, want apiVersion: "+APIVersion+", kind: "+Kind+" and rules")
}

// checkText refuses what YAML's reader refuses without telling where.
func (l *loader) checkText(data []byte) bool {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		l.report(1, 1, SeverityError, NotUTF8, nil, "got UTF-16 text, want UTF-8: save the file as UTF-8")
		return false
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	line, column := 1, 1
	for i := 0; i < len(data); {
		c := data[i]
		if c >= ' ' && c < 0x7f { // nearly every byte
			i++
			column++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case c == '\n' || c == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
			line, column = line+1, 0
		case c == '\r':
			column--
		case c == '\t':
		case r == utf8.RuneError && size == 1:
			l.report(line, column, SeverityError, NotUTF8, nil,
				fmt.Sprintf("got byte 0x%02x, want UTF-8: save the file as UTF-8", c))
			return false
		case r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff ||
			(r >= 0x80 && r < 0xa0 && r != 0x85):
			l.report(line, column, SeverityError, NotUTF8, nil,
				fmt.Sprintf("got control character U+%04X, want text: remove it", r))
			return false
		}
		i += size
		column++
	}
	return true
}
