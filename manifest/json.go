package manifest

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// parseJSON reads a part that looks like JSON: one value or several. JSON has
// a parser of its own because YAML's does not take all of it (tabs, surrogate
// pairs, several values in a row).
func (f *File) parseJSON(p part, number int) (documents []*document, isJSON bool, err error) {
	start := p.start
	if line := f.data[start:p.end]; isMarker(bytes.TrimRight(line[:lineLength(line)], "\r\n"), "---") {
		start += len("---")
	}
	rest := bytes.TrimLeft(f.data[start:p.end], " \t\r\n")
	if len(rest) == 0 || rest[0] != '{' && rest[0] != '[' {
		return nil, false, nil
	}
	start = p.end - len(rest)
	decoder := jsontext.NewDecoder(bytes.NewReader(rest), jsontext.AllowDuplicateNames(true))
	for {
		value, err := decoder.ReadValue()
		if errors.Is(err, io.EOF) {
			return documents, true, nil
		}
		if err != nil {
			// Only a text in quotes or braces from the start on is meant to be
			// JSON; others are flow style.
			offset := start + int(decoder.InputOffset())
			var syntactic *jsontext.SyntacticError
			message := err.Error()
			if errors.As(err, &syntactic) {
				offset = start + int(syntactic.ByteOffset)
				message = syntactic.Err.Error()
			}
			meant := len(documents) > 0 || bytes.HasPrefix(bytes.TrimLeft(rest[1:], " \t\r\n"), []byte{'"'})
			return nil, meant, f.errorAt(min(offset, p.end), "document %d is no JSON: %s", number+len(documents), message)
		}
		end := start + int(decoder.InputOffset())
		d := &document{file: f, start: end - len(value), end: end, json: true}
		r := jsonReader{d.start, f.data[d.start:end], jsontext.NewDecoder(bytes.NewReader(f.data[d.start:end]), jsontext.AllowDuplicateNames(true))}
		d.root, err = r.node()
		if err != nil {
			return nil, true, err
		}
		documents = append(documents, d)
	}
}

// jsonReader makes nodes of a JSON value. A node's Column is its offset in the
// file, of which base is the value's, and its Line is zero.
type jsonReader struct {
	base    int
	text    []byte
	decoder *jsontext.Decoder
}

func (r *jsonReader) node() (*yaml.Node, error) {
	start := int(r.decoder.InputOffset())
	for start < len(r.text) && bytes.IndexByte([]byte(" \t\r\n,:"), r.text[start]) >= 0 {
		start++
	}
	token, err := r.decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Column: r.base + start}
	end := jsontext.Kind(0)
	switch token.Kind() {
	case '{':
		n.Kind, n.Style, n.Tag, end = yaml.MappingNode, yaml.FlowStyle, "!!map", '}'
	case '[':
		n.Kind, n.Style, n.Tag, end = yaml.SequenceNode, yaml.FlowStyle, "!!seq", ']'
	case '"':
		n.Style, n.Tag, n.Value = yaml.DoubleQuotedStyle, "!!str", token.String()
	case '0':
		n.Tag, n.Value = "!!float", token.String()
	case 'n':
		n.Tag, n.Value = "!!null", "null"
	default:
		n.Tag, n.Value = "!!bool", token.String()
	}
	if end == 0 {
		return n, nil
	}
	for r.decoder.PeekKind() != end {
		child, err := r.node()
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	_, err = r.decoder.ReadToken()
	return n, err
}
