package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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

// Shorten cuts s to at most limit bytes, in the middle: the beginning of a text
// says what it is about, the end of an error says what to do.
func Shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	if limit <= len(ellipsis) {
		return ""
	}
	room := limit - len(ellipsis)
	return cut(s, room/3, room-room/3)
}

// ellipsis stands where something was cut out.
const ellipsis = "..."

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
	return s[:first] + ellipsis + s[last:]
}
