// Package jsonscan reads the few values that somebody wants of a JSON text that
// a program wrote, in one pass and without copies. It is for the path of an
// admission: what nobody asks for, three quarters of a review, it passes over by
// brackets and quotes alone, which a whole decoder takes five times as long for.
//
// So it is no judge of a text. Where something is not as it expects, it says so
// (Scanner.Failed) and nothing more: whoever wants to know what is wrong reads
// the same text with a decoder.
package jsonscan

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Scanner stands somewhere in a text. As in the Kubernetes API, null is a missing
// value for all of its methods. After the first thing that is not as expected
// every method returns at once, with nothing.
type Scanner struct {
	text   string
	at     int
	failed bool
}

// New returns a scanner that stands at the beginning of a text. Strings that are
// read are parts of it.
func New(text string) *Scanner { return &Scanner{text: text} }

// Failed reports whether something was not as expected.
func (s *Scanner) Failed() bool { return s.failed }

// Offset is how many bytes of the text are behind, the white space before the next
// value included.
func (s *Scanner) Offset() int {
	s.peek()
	return s.at
}

// End fails unless nothing but white space is left.
func (s *Scanner) End() {
	if s.peek(); s.at < len(s.text) {
		s.Fail()
	}
}

// Fail ends reading.
func (s *Scanner) Fail() { s.failed, s.at = true, len(s.text) }

// peek passes white space, and returns the byte behind it; 0 at the end.
func (s *Scanner) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take passes a byte, and reports whether it came next.
func (s *Scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *Scanner) expect(c byte) {
	if !s.take(c) {
		s.Fail()
	}
}

// word passes a word, and reports whether it came next.
func (s *Scanner) word(word string) bool {
	s.peek()
	if !strings.HasPrefix(s.text[s.at:], word) {
		return false
	}
	s.at += len(word)
	return true
}

// Null passes a null, and reports whether one came next.
func (s *Scanner) Null() bool { return s.word("null") }

// Members yields the names of an object, whose values are to be read or skipped.
func (s *Scanner) Members(yield func(name string) bool) {
	if s.Null() {
		return
	}
	s.expect('{')
	if s.take('}') {
		return
	}
	for !s.failed {
		name := s.quoted()
		s.expect(':')
		if s.failed || !yield(name) || s.take('}') {
			return
		}
		s.expect(',')
	}
}

// Items yields once for each item of a list, which is to be read or skipped.
func (s *Scanner) Items(yield func() bool) {
	if s.Null() {
		return
	}
	s.expect('[')
	if s.take(']') {
		return
	}
	for !s.failed {
		if !yield() || s.take(']') {
			return
		}
		s.expect(',')
	}
}

// String reads a string into an empty one. It fails where one stands already: a
// name came twice, and readers disagree on which one counts. So do the methods
// below.
func (s *Scanner) String(into *string) {
	if *into != "" {
		s.Fail()
		return
	}
	*into = s.Text()
}

// Text reads a string.
func (s *Scanner) Text() string {
	if s.Null() {
		return ""
	}
	return s.quoted()
}

func (s *Scanner) quoted() string {
	if s.expect('"'); s.failed {
		return ""
	}
	start := s.at
	end := plain(s.text, start)
	if end == len(s.text) {
		s.Fail()
		return ""
	}
	if s.text[end] != '"' {
		return s.unquoted(start)
	}
	s.at = end + 1
	return s.text[start:end]
}

// unquoted reads a string that holds more than plain characters; its text begins at start.
func (s *Scanner) unquoted(start int) string {
	end := closing(s.text, start)
	if end == len(s.text) {
		s.Fail()
		return ""
	}
	text, err := jsontext.AppendUnquote(nil, s.text[start-1:end+1])
	if err != nil {
		s.Fail()
		return ""
	}
	s.at = end + 1
	return string(text)
}

// closing is where the quote stands that ends a string whose text begins at start;
// the length of the text if there is none.
func closing(text string, start int) int {
	for i := start; i < len(text); {
		if i = plain(text, i); i == len(text) || text[i] == '"' {
			return i
		}
		if text[i] == '\\' {
			i++
		}
		i++
	}
	return len(text)
}

// plain is where the first byte stands, from i on, that is a quote, a backslash, a control
// character or none of ASCII; the length of the text if there is none. It looks at eight bytes at
// a time, for most of a review are texts: a byte of what is subtracted here borrows, and so has its
// highest bit set, if it is the quote, the backslash or below a space. A borrow may set that of
// bytes behind it too, but it is the first that counts.
// Source: https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord
func plain(text string, i int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		t := text[i : i+8]
		x := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		found := (x | (x - each*' ') | ((x ^ each*'"') - each) | ((x ^ each*'\\') - each)) & high
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
}

// Bool reads true or false.
func (s *Scanner) Bool(into *bool) {
	switch {
	case *into:
		s.Fail()
	case s.word("true"):
		*into = true
	case !s.word("false") && !s.Null():
		s.Fail()
	}
}

// Int reads a whole number.
func (s *Scanner) Int(into **int64) {
	if s.Null() {
		return
	}
	start := s.at
	if s.Skip(); s.failed {
		return
	}
	text := s.text[start:s.at]
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || *into != nil || text != strconv.FormatInt(number, 10) { // +5, 007 are no JSON
		s.Fail()
		return
	}
	*into = &number
}

// Strings reads a list of strings.
func (s *Scanner) Strings(into *[]string) {
	List(s, into, func(s *Scanner, text *string) { *text = s.Text() })
}

// StringMap reads an object of strings. One without any is not nil.
func (s *Scanner) StringMap(into *map[string]string) {
	if s.Null() {
		return
	}
	if *into != nil {
		s.Fail()
		return
	}
	all := map[string]string{}
	*into = all
	for name := range s.Members {
		if _, twice := all[name]; twice {
			s.Fail()
			return
		}
		all[name] = s.Text()
	}
}

// List reads a list, and each item of it by read. One without any is not nil.
func List[T any](s *Scanner, into *[]T, read func(*Scanner, *T)) {
	if s.Null() {
		return
	}
	if *into != nil {
		s.Fail()
		return
	}
	*into = []T{}
	const usual = 4 // items, for which a list does not grow
	for range s.Items {
		var item T
		if len(*into) == 0 {
			*into = make([]T, 0, usual)
		}
		*into = append(*into, item)
		read(s, &(*into)[len(*into)-1])
	}
}

// Object reads a value for which there is room then, unless it is null.
func Object[T any](s *Scanner, into **T, read func(*Scanner, *T)) {
	if s.Null() {
		return
	}
	if *into != nil {
		s.Fail()
		return
	}
	*into = new(T)
	read(s, *into)
}

// Skip passes a value over.
func (s *Scanner) Skip() {
	switch s.peek() {
	case '"':
		s.at = closing(s.text, s.at+1) + 1
	case '{', '[':
		s.at = closingBracket(s.text, s.at+1) + 1
	default:
		start := s.at
		for s.at < len(s.text) && strings.IndexByte(",]} \t\n\r", s.text[s.at]) < 0 {
			s.at++
		}
		if s.at == start {
			s.Fail()
		}
		return
	}
	if s.at > len(s.text) {
		s.Fail()
	}
}

// closingBracket is where the bracket stands that ends what begins at start; the
// length of the text if there is none. Which kinds of brackets they are makes no
// difference: a text in which it does is no JSON.
func closingBracket(text string, start int) int {
	depth := 1
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = closing(text, i+1)
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}
