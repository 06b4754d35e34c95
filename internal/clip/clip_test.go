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
