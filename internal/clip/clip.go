// Package clip fits texts that others wrote, and that may be of any length and
// hold anything, into the room that a message has: a log line, a warning, an
// answer or an Event. Lengths are in bytes; no character is cut.
package clip

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark stands for what was cut out.
const mark = "..."

// Text shortens s to at most limit bytes, 3 or more. The beginning stays.
func Text(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return cut(s, limit-len(mark), 0)
}

// Middle shortens s to at most limit bytes; of less than 4 nothing is left. A
// third of the room is for its beginning, which says what it is about, the rest
// for its end, where an error says what to do.
func Middle(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	if limit <= len(mark) {
		return ""
	}
	room := limit - len(mark)
	return cut(s, room/3, room-room/3)
}

// cut keeps the first and the last bytes of s, fewer where a character would
// be cut.
func cut(s string, first, last int) string {
	last = len(s) - last
	for first > 0 && !utf8.RuneStart(s[first]) {
		first--
	}
	for last < len(s) && !utf8.RuneStart(s[last]) {
		last++
	}
	return s[:first] + mark + s[last:]
}

// OneLine makes printable text of one line.
func OneLine(s string) string {
	unprintable := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError || r == 0x2028 || r == 0x2029 }
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
