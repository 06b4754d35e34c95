package yamltext

import (
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

const jsonSpace = " \t\r\n"

// parseJSON reads a part that looks like JSON: one value or several. JSON has
// a parser of its own because YAML's does not take all of it (tabs, surrogate
// pairs, several values in a row).
func parseJSON(file *lines, p part, number int) (documents []*Document, isJSON bool, problem *Error) {
	text := file.text[p.start:p.end]
	if isMarker(strings.TrimRight(text[:lineLength(text)], "\r\n"), "---") {
		text = text[len("---"):]
	}
	rest := strings.TrimLeft(text, jsonSpace)
	if rest == "" || rest[0] != '{' && rest[0] != '[' {
		return nil, false, nil
	}
	start := p.end - len(rest)
	decoder := jsontext.NewDecoder(strings.NewReader(rest), jsontext.AllowDuplicateNames(true))
	for {
		value, err := decoder.ReadValue()
		if errors.Is(err, io.EOF) {
			return documents, true, nil
		}
		if err != nil {
			// Only a text in quotes or braces from the start on is meant to be
			// JSON; others are flow style.
			offset, message := decoder.InputOffset(), err.Error()
			var syntactic *jsontext.SyntacticError
			if errors.As(err, &syntactic) {
				offset, message = syntactic.ByteOffset, syntactic.Err.Error()
			}
			meant := len(documents) > 0 || strings.HasPrefix(strings.TrimLeft(rest[1:], jsonSpace), `"`)
			d := newDocument(file, part{start, p.end}, true)
			return nil, meant, d.errorAt(min(int(offset), len(rest)), "document %d is no JSON: %s", number+len(documents), message)
		}
		end := start + int(decoder.InputOffset())
		d := newDocument(file, part{end - len(value), end}, true)
		r := jsonReader{d.Text, jsontext.NewDecoder(strings.NewReader(d.Text), jsontext.AllowDuplicateNames(true))}
		if d.Root, err = r.node(); err != nil {
			return nil, true, d.errorAt(0, "document %d is no JSON: %v", number+len(documents), err)
		}
		documents = append(documents, d)
	}
}

// jsonReader makes nodes of a JSON value. A node's Column is its offset in the
// text, and its Line is zero.
type jsonReader struct {
	text    string
	decoder *jsontext.Decoder
}

func (r *jsonReader) node() (*yaml.Node, error) {
	start := int(r.decoder.InputOffset())
	for strings.IndexByte(jsonSpace+",:", r.text[start]) >= 0 {
		start++
	}
	token, err := r.decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Column: start}
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
