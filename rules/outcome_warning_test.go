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
		var w warnings
		w.add("Code", "head ", rapid.String().Draw(t, "text"), " tail")
		message := w.list[0].Message
		if len(message) > maxMessage || !utf8.ValidString(message) || strings.ContainsFunc(message, unicode.IsControl) {
			t.Fatalf("got %d bytes, %q, want at most %d bytes in one line", len(message), message, maxMessage)
		}
		if !strings.HasPrefix(message, "head ") || !strings.HasSuffix(message, " tail") {
			t.Fatalf("got %q, want head and tail kept", message)
		}
	})
}

// A pod gets ten warnings at most, and the number of the others.
func TestWarningsAreFew(t *testing.T) {
	var w warnings
	for range 15 {
		w.add("Code", "text", "", "")
	}
	all := w.all()
	if last := all[len(all)-1]; len(all) != maxWarnings+1 || last.Code != WarnMore || !strings.HasPrefix(last.Message, "5 more") {
		t.Errorf("got %v, want ten warnings and one that counts five more", all)
	}
}

func TestShorten(t *testing.T) {
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
			if got := shorten(test.text, test.limit); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWarningCodesAreUnique(t *testing.T) {
	codes := WarningCodes()
	if got := slices.Compact(slices.Sorted(slices.Values(codes))); len(got) != len(codes) || len(codes) != 12 {
		t.Errorf("got %q, want 12 different codes", codes)
	}
}
