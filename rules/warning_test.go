package rules

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// Any text, from a pod or a rule, makes a warning of one line: whole for who has the
// room, and for a client of the API server one that fits and keeps head and tail.
func TestWarningsFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		warning := NewWarning("Code", "head ", text, " tail")
		if want := "head " + clip.OneLine(text) + " tail"; warning.Message != want || strings.ContainsFunc(want, unicode.IsControl) {
			t.Fatalf("got %q, want %q, one line", warning.Message, want)
		}
		got := warning.Text()
		if len(got) > MaxWarningLength || !utf8.ValidString(got) || !strings.HasPrefix(got, "holdfast: head ") || !strings.HasSuffix(got, " tail") {
			t.Fatalf("got %d bytes, %q, want at most %d, with head and tail of %q", len(got), got, MaxWarningLength, warning.Message)
		}
		if whole := "holdfast: " + warning.Message; len(whole) <= MaxWarningLength && got != WarningText(warning.Message) {
			t.Fatalf("got %q, want all of %q", got, whole)
		}
	})
}

func TestWarningCodesAreUnique(t *testing.T) {
	codes := WarningCodes()
	if got := slices.Compact(slices.Sorted(slices.Values(codes))); len(got) != len(codes) || len(codes) != 23 {
		t.Errorf("got %q, want 23 different codes", codes)
	}
}

// What a client gets to see is one line that every API server passes on whole,
// and says who speaks.
func TestWarningText(t *testing.T) {
	for _, test := range []struct{ message, want string }{
		{"short", "holdfast: short"},
		{"two\nlines\there", "holdfast: two lines here"},
		{"an escape \x1b[1m and a \u2028", "holdfast: an escape [1m and a"},
		{strings.Repeat("x", MaxWarningLength-len("holdfast: ")), "holdfast: " + strings.Repeat("x", MaxWarningLength-len("holdfast: "))},
		{strings.Repeat("x", MaxWarningLength), "holdfast: " + strings.Repeat("x", MaxWarningLength-len("holdfast: ...")) + "..."},
		{strings.Repeat("ü", 100), "holdfast: " + strings.Repeat("ü", 53) + "..."},
	} {
		if got := WarningText(test.message); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
