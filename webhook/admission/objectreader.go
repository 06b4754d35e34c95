package admission

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// objectReader reads objects member by member, as the Kubernetes API has them: null is a
// missing value, and what nobody asks for is passed over. The library's way by reflection
// takes twice as long, and touches what is cold in an admission; it is left what is rare,
// and to say what is wrong with a value.
type objectReader struct {
	jsontext.Decoder
	text string // all of it: nearly all texts are parts of it, and no copies
	from bytes.Buffer
}

var objectReaders = sync.Pool{New: func() any { return new(objectReader) }}

// newObjectReader begins to read a body, which stays as it is until end.
func newObjectReader(body []byte) *objectReader {
	r := objectReaders.Get().(*objectReader)
	r.text, r.from = string(body), *bytes.NewBuffer(body)
	r.Reset(&r.from)
	return r
}

// end lets others have the reader.
func (r *objectReader) end() {
	r.text, r.from = "", bytes.Buffer{}
	r.Reset(&r.from)
	objectReaders.Put(r)
}

// ended reports what stands behind all that was to be read.
func (r *objectReader) ended() error {
	at := r.InputOffset()
	if _, err := r.ReadToken(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("got more behind the review (byte %d), want nothing", at)
	}
	return nil
}

// other reads a value in the library's way.
func (r *objectReader) other(into any) error { return json.UnmarshalDecode(&r.Decoder, into) }

// skip passes a value over. All of it has come already, so that SkipValue, which goes from
// token to token to need no room for it, is only slower.
func (r *objectReader) skip() error {
	_, err := r.ReadValue()
	return err
}

// members calls field with the name of each member; field reads its value.
func (r *objectReader) members(field func(name string) error) error {
	switch r.PeekKind() {
	case jsontext.KindBeginObject:
	case jsontext.KindNull:
		return r.skip()
	default:
		return r.other(new(struct{}))
	}
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	for r.PeekKind() != jsontext.KindEndObject {
		name, err := r.readText()
		if err != nil {
			return err
		}
		if err := field(name); err != nil {
			return err
		}
	}
	_, err := r.ReadToken()
	return err
}

// listOf reads a list, and each item of it by read.
func listOf[T any](r *objectReader, into *[]T, read func(*T) error) error {
	switch r.PeekKind() {
	case jsontext.KindBeginArray:
	case jsontext.KindNull:
		return r.skip()
	default:
		return r.other(into)
	}
	if _, err := r.ReadToken(); err != nil {
		return err
	}
	for r.PeekKind() != jsontext.KindEndArray {
		var item T
		*into = append(*into, item)
		if err := read(&(*into)[len(*into)-1]); err != nil {
			return err
		}
	}
	_, err := r.ReadToken()
	return err
}

// strings reads a list of strings.
func (r *objectReader) strings(into *[]string) error { return listOf(r, into, r.string) }

// stringMap reads an object of strings; one without any is not nil.
func (r *objectReader) stringMap(into *map[string]string) error {
	if r.PeekKind() == jsontext.KindBeginObject {
		*into = map[string]string{}
	}
	return r.members(func(name string) error {
		text, err := r.readText()
		(*into)[name] = text
		return err
	})
}

// string reads a string.
func (r *objectReader) string(into *string) (err error) {
	*into, err = r.readText()
	return err
}

func (r *objectReader) readText() (string, error) {
	if r.PeekKind() != jsontext.KindString {
		return r.otherText()
	}
	value, err := r.ReadValue()
	if err != nil {
		return "", err
	}
	if bytes.IndexByte(value, '\\') < 0 {
		end := int(r.InputOffset())
		return r.text[end-len(value)+1 : end-1], nil
	}
	text, err := jsontext.AppendUnquote(nil, value)
	return string(text), err
}

// otherText is apart, because its text needs room of its own.
func (r *objectReader) otherText() (text string, err error) {
	err = r.other(&text)
	return text, err
}

// bool reads true or false.
func (r *objectReader) bool(into *bool) error {
	if k := r.PeekKind(); k != jsontext.KindTrue && k != jsontext.KindFalse {
		return r.other(into)
	}
	token, err := r.ReadToken()
	if err == nil {
		*into = token.Bool()
	}
	return err
}
