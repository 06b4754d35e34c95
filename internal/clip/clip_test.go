package clip

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// What fits stays; what does not keeps its beginning, in whole characters, and
// shows that something is missing.
func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, limit := rapid.String().Draw(t, "text"), rapid.IntRange(3, 40).Draw(t, "limit")
		got := Text(s, limit)
		switch {
		case len(s) <= limit:
			if got != s {
				t.Fatalf("got %q, want it as it is", got)
			}
		case len(got) > limit || !utf8.ValidString(got) || !strings.HasSuffix(got, "...") || !strings.HasPrefix(s, strings.TrimSuffix(got, "...")):
			t.Fatalf("got %q for %q, want at most %d bytes of its beginning", got, s, limit)
		case len(got) <= limit-utf8.UTFMax:
			t.Fatalf("got %d bytes, want as many of %d as characters allow", len(got), limit)
		}
	})
}

// The end says what to do, so it keeps most of the room.
func TestMiddle(t *testing.T) {
	tests := []struct {
		rule, text string
		limit      int
		want       string
	}{
		{"short texts stay", "abc", 3, "abc"},
		{"the middle goes", "abcdefghijklmnop", 9, "ab...mnop"},
		{"never within a character", "äöüäöüäöü", 10, "ä...öü"},
		{"no room at all", "abcdef", 3, ""},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			if got := Middle(test.text, test.limit); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Foreign text may hold what ends a line, or what no reader can print.
func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"as it is":             "as it is",
		"a\nb\r\n c":           "a b c",
		"tab\there\x00":        "tab here",
		"\u2028x\u2029y\u0085": "x y",
		"bad \xff byte":        "bad byte",
	} {
		if got := OneLine(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
