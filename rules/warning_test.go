package rules

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Any text, from a pod or a rule, makes a warning of one line that fits, and
// keeps its tail.
func TestWarningsFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		message := NewWarning("Code", "head ", rapid.String().Draw(t, "text"), " tail").Message
		if !utf8.ValidString(message) || strings.ContainsFunc(message, unicode.IsControl) {
			t.Fatalf("got %q, want one line", message)
		}
		if got := WarningText(message); len(got) > MaxWarningLength || !strings.HasPrefix(got, "holdfast: head ") || !strings.HasSuffix(got, " tail") {
			t.Fatalf("got %d bytes, %q, want at most %d, and all of %q", len(got), got, MaxWarningLength, message)
		}
		if !strings.HasPrefix(message, "head ") || !strings.HasSuffix(message, " tail") {
			t.Fatalf("got %q, want head and tail kept", message)
		}
	})
}

func TestWarningCodesAreUnique(t *testing.T) {
	codes := WarningCodes()
	if got := slices.Compact(slices.Sorted(slices.Values(codes))); len(got) != len(codes) || len(codes) != 13 {
		t.Errorf("got %q, want 13 different codes", codes)
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
