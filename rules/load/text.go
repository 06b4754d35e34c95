package load

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules"
)

// check refuses what is not to be parsed.
func (l *loader) check(data []byte) bool {
	if len(data) > MaxFileSize {
		l.report(start, Error, fileTooLarge, nil,
			"got %d bytes, want at most %d (8 MiB): split the rules over several installations, or join rules that differ only in their destinations", len(data), MaxFileSize)
		return false
	}
	return l.checkText(data) && l.checkMarks(data)
}

// start is the position of what is wrong with the whole text.
var start = mark{1, 1}

// parse returns the root of the only document, or nil after reporting why
// there is none.
func (l *loader) parse(data []byte) *yaml.Node {
	if bytes.Contains(data, []byte("%YAML 1.2")) {
		data = []byte(yamltext.Readable(string(data)))
	}
	text, shift := unmistakable(data)
	reader, err := newReader(text)
	if err != nil { // only for options that contradict each other
		l.report(start, Error, badSyntax, nil, "%v", err)
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
			l.syntaxError(data, err, shift)
			return nil
		}
		unshift(&document, shift)
		// Empty documents, such as a "---" at the end leaves, count for nothing.
		if len(document.Content) != 1 || document.Content[0].Kind == yaml.ScalarNode && document.Content[0].ShortTag() == nullTag {
			continue
		}
		switch documents++; documents {
		case 1:
			root = document.Content[0]
		case 2:
			l.report(mark{document.Line, document.Column}, Error, manyDocuments, nil,
				"got a second document, want one per file: remove the \"---\" and put all rules into one list")
		}
	}
	if root == nil {
		l.report(start, Error, emptyFile, nil,
			"got an empty file, want apiVersion: %s, kind: %s and rules", rules.APIVersion, rules.Kind)
	}
	return root
}

// unmistakable is a text for YAML's parser. One that is a mapping in braces, as JSON is, might be
// the key of another mapping up to its end, and the parser keeps 200 bytes for every sign of it until
// then. On the line of a document's start it cannot be: shift is by how much columns of the first line
// are greater then. Braces in braces are a template that somebody forgot to render.
func unmistakable(data []byte) (text io.Reader, shift int) {
	const start = "--- "
	if text = bytes.NewReader(data); !bytes.HasPrefix(data, []byte("{")) || bytes.HasPrefix(data, []byte("{{")) {
		return text, 0
	}
	return io.MultiReader(strings.NewReader(start), text), len(start)
}

// unshift moves what is on the first line to its place.
func unshift(n *yaml.Node, shift int) {
	if n.Line == 1 {
		n.Column -= shift
	}
	for _, below := range n.Content {
		unshift(below, shift)
	}
}

// newReader reads documents of YAML.
func newReader(text io.Reader) (*yaml.Loader, error) {
	return yaml.NewLoader(text, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
}

// checkText refuses what YAML's reader refuses without telling where.
func (l *loader) checkText(data []byte) bool {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		l.report(mark{1, 1}, Error, notUTF8, nil, "got UTF-16 text, want UTF-8: save the file as UTF-8")
		return false
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	at := mark{1, 1}
	for i := 0; i < len(data); {
		c := data[i]
		if c >= ' ' && c < 0x7f { // nearly every byte
			i++
			at.column++
			continue
		}
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case c == '\n' || c == '\r' && (i+1 == len(data) || data[i+1] != '\n'):
			at = mark{at.line + 1, 0}
		case c == '\r':
			at.column--
		case c == '\t':
		case r == utf8.RuneError && size == 1:
			l.report(at, Error, notUTF8, nil, "got byte 0x%02x, want UTF-8: save the file as UTF-8", c)
			return false
		case r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff ||
			(r >= 0x80 && r < 0xa0 && r != 0x85):
			l.report(at, Error, notUTF8, nil, "got control character U+%04X, want text: remove it", r)
			return false
		}
		i += size
		at.column++
	}
	return true
}

// checkMarks refuses what would take more memory to parse than there may be,
// by the characters that stand before values, wherever they stand.
func (l *loader) checkMarks(data []byte) bool {
	at, line, all := mark{1, 1}, 0, 0
	for i, c := range data {
		switch c {
		case '\n':
			at.line, all, line = at.line+1, all+line, 0
		case ',', ':', '[', '{':
			line++
		case '-', '?':
			if i+1 == len(data) || data[i+1] <= ' ' {
				line++
			}
		}
		switch {
		case line > maxLineMarks:
			l.report(at, Error, tooManyValues, nil, "got a line of more than %d values, want it written over several lines", maxLineMarks)
			return false
		case all+line > maxMarks:
			l.report(at, Error, tooManyValues, nil, "got more than %d values, want fewer: join rules that differ only in their destinations", maxMarks)
			return false
		}
	}
	return true
}

// syntaxError reports what YAML's parser says, at its position, with the usual
// cause where that is known.
func (l *loader) syntaxError(data []byte, err error, shift int) {
	at, message := mark{1, 1}, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		message = load.Message
		if load.ContextMsg != "" {
			message = load.ContextMsg + ": " + message
		}
		switch {
		case load.Mark.Line > 0:
			at = mark{load.Mark.Line, max(load.Mark.Column, 1)}
		case load.ContextMark.Line > 0:
			at = mark{load.ContextMark.Line, max(load.ContextMark.Column, 1)}
		}
	}
	if at.line == 1 {
		at.column = max(at.column-shift, 1)
	}
	message = "got text that is not YAML (" + oneLine(message) + "), want a rules file"
	if hint := syntaxHint(textLine(data, at.line), message); hint != "" {
		message += ": " + hint
	}
	l.report(at, Error, badSyntax, nil, "%s", message)
}

// syntaxHint names the likely cause of a syntax error in a line.
func syntaxHint(text, message string) string {
	says := func(part string) bool { return strings.Contains(message, part) }
	trimmed := strings.TrimLeft(text, " \t")
	switch {
	case strings.Contains(text[:len(text)-len(trimmed)], "\t"):
		return "indent with spaces, YAML forbids tabs there"
	case says("unknown anchor"):
		return "quote a value that starts with *, for example \"*.example.com\""
	case says("mapping values are not allowed"):
		return "indent the line like its neighbours, and quote a value that contains \": \""
	case says("incompatible YAML document"):
		return "write %YAML 1.2, or remove the line"
	case says("max depth"):
		return "a rules file nests 8 levels at most"
	case strings.HasPrefix(trimmed, "{{"):
		return "render the template first"
	case says("while scanning an alias"), says("while scanning an anchor"):
		return "quote a value that starts with * or &, for example \"*.example.com\""
	case says("flow"), says("quoted scalar"):
		return "close every [, { and quote"
	case says("document start"), says("block"):
		return "indent the line like its neighbours"
	}
	return ""
}

// textLine returns line n (from 1) of data, without its end.
func textLine(data []byte, n int) string {
	for ; n > 1; n-- {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			return ""
		}
		data = data[i+1:]
	}
	data, _, _ = bytes.Cut(data, []byte("\n"))
	return strings.TrimSuffix(string(data), "\r")
}

// oneLine makes a message of several lines one.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
