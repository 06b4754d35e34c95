package yamltext

import (
	"sort"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// lines is a text and where its lines begin, as the YAML scanner counts them:
// it also ends lines at NEL, LS and PS, and a byte order mark is in front of
// the first.
type lines struct {
	text   string
	starts []int
	ascii  bool          // columns count bytes as well as characters
	marks  map[int][]int // by line, what marksOf returned
}

func newLines(text string) *lines {
	l := &lines{text: text, starts: []int{len(text) - len(strings.TrimPrefix(text, byteOrderMark))}, ascii: true}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n' || c == '\r':
			i += breakLength(text[i:]) - 1
			l.starts = append(l.starts, i+1)
		case c >= utf8.RuneSelf:
			l.ascii = false
			if width := breakLength(text[i:]); width > 0 {
				i += width - 1
				l.starts = append(l.starts, i+1)
			}
		}
	}
	return l
}

// lineBreaks end lines of YAML. Those behind the third do so in version 1.1
// only, but scanners know no other.
var lineBreaks = []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"}

// breakLength returns the length of the line end that a text begins with.
func breakLength(text string) int {
	for _, end := range lineBreaks {
		if strings.HasPrefix(text, end) {
			return len(end)
		}
	}
	return 0
}

// lastBreak returns the line end that a text ends with.
func lastBreak(text string) string {
	for _, end := range lineBreaks {
		if strings.HasSuffix(text, end) {
			return end
		}
	}
	return ""
}

// line returns the index of the line that holds an offset.
func (l *lines) line(at int) int { return max(sort.SearchInts(l.starts, at+1)-1, 0) }

// lineStart returns where the line of an offset begins.
func (l *lines) lineStart(at int) int { return l.starts[l.line(at)] }

// nextLine returns where the line behind the one of an offset begins: where
// the text ends, if there is none.
func (l *lines) nextLine(at int) int {
	if i := l.line(at) + 1; i < len(l.starts) {
		return l.starts[i]
	}
	return len(l.text)
}

// lineEnd returns the end of the line of an offset, before its line end.
func (l *lines) lineEnd(at int) int {
	if i := l.line(at) + 1; i < len(l.starts) {
		return l.starts[i] - len(lastBreak(l.text[:l.starts[i]]))
	}
	return len(l.text)
}

// eol returns the line end that is used at an offset.
func (l *lines) eol(at int) string {
	i := min(l.line(at)+1, len(l.starts)-1)
	switch end := lastBreak(l.text[:l.starts[i]]); end {
	case "\r\n", "\r":
		return end
	}
	return "\n"
}

// position returns line and column of an offset, from 1.
func (l *lines) position(at int) (line, column int) { return l.line(at) + 1, l.column(at) + 1 }

// offset returns where a line and column are, from 1.
func (l *lines) offset(line, column int) int {
	i := min(line, len(l.starts)) - 1
	if l.ascii {
		return min(l.starts[i]+column-1, len(l.text))
	}
	marks := l.marksOf(i)
	n := min((column-1)/markStep, len(marks)-1)
	return l.skip(marks[n], column-1-n*markStep)
}

// column returns the width of the text before an offset in its line, in
// characters.
func (l *lines) column(at int) int {
	i := l.line(at)
	if l.ascii {
		return at - l.starts[i]
	}
	marks := l.marksOf(i)
	n := max(sort.SearchInts(marks, at)-1, 0)
	return n*markStep + utf8.RuneCountInString(l.text[marks[n]:max(at, marks[n])])
}

// markStep is how many characters apart marks are.
const markStep = 64

// marksOf returns the offsets of every 64th character of a line. Without them,
// each node of a long line would count its characters anew.
func (l *lines) marksOf(line int) []int {
	if marks := l.marks[line]; marks != nil {
		return marks
	}
	end := len(l.text)
	if line+1 < len(l.starts) {
		end = l.starts[line+1]
	}
	marks := []int{l.starts[line]}
	for at := l.skip(marks[0], markStep); at < end; at = l.skip(at, markStep) {
		marks = append(marks, at)
	}
	if l.marks == nil {
		l.marks = map[int][]int{}
	}
	l.marks[line] = marks
	return marks
}

// skip returns the offset some characters further on, or the end of the text.
func (l *lines) skip(at, characters int) int {
	for ; characters > 0; characters-- {
		_, size := utf8.DecodeRuneInString(l.text[at:])
		at += size
	}
	return at
}

// skipSpace skips white space, line ends and comments.
func (l *lines) skipSpace(at int) int {
	for at < len(l.text) {
		switch width := breakLength(l.text[at:]); {
		case width > 0:
			at += width
		case isBlank(l.text[at]):
			at++
		case l.text[at] == '#' && (at == l.lineStart(at) || isBlank(l.text[at-1])):
			at = l.lineEnd(at)
		default:
			return at
		}
	}
	return at
}

// byteAt returns the byte at an offset, 0 at the end of the text.
func (l *lines) byteAt(at int) byte {
	if at < len(l.text) {
		return l.text[at]
	}
	return 0
}

// skipBlanks skips spaces and tabs.
func (l *lines) skipBlanks(at int) int {
	return len(l.text) - len(strings.TrimLeft(l.text[at:], " \t"))
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
