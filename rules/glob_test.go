package rules

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// "*" stands for any characters: the same as a regular expression says.
func TestGlobsAgreeWithRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		glob := rapid.StringMatching(`[ab*]{0,6}`).Draw(t, "glob")
		text := rapid.StringMatching(`[ab]{0,8}`).Draw(t, "text")
		oracle := regexp.MustCompile("^" + strings.ReplaceAll(glob, "*", ".*") + "$")
		if got, want := MatchGlob(glob, text), oracle.MatchString(text); got != want {
			t.Fatalf("%q on %q: got %v, want %v", glob, text, got, want)
		}
	})
}

// "*." at the start stands for one or more labels, "*" elsewhere stays in its
// label; and the index finds every name by the suffix of its glob.
func TestHostGlobsAgreeWithRegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		glob := rapid.StringMatching(`([ab*]{1,3}\.){0,3}[ab*]{1,3}`).Draw(t, "glob")
		name := rapid.StringMatching(`([ab]{1,3}\.){0,4}[ab]{1,3}`).Draw(t, "name")
		pattern := strings.ReplaceAll(glob, ".", `[.]`)
		if rest, ok := strings.CutPrefix(pattern, `*[.]`); ok {
			pattern = `(?:[^.]+[.])+` + strings.ReplaceAll(rest, "*", "[^.]*")
		} else if pattern == "*" {
			pattern = ".+"
		} else {
			pattern = strings.ReplaceAll(pattern, "*", "[^.]*")
		}
		got, want := MatchHost(glob, name), regexp.MustCompile("^"+pattern+"$").MatchString(name)
		if got != want {
			t.Fatalf("%q on %q: got %v, want %v", glob, name, got, want)
		}
		suffix := HostSuffix(glob)
		if got && strings.Contains(glob, "*") && suffix != "" && !strings.HasSuffix(name, "."+suffix) {
			t.Fatalf("%q means %q, which does not end with %q", glob, name, suffix)
		}
	})
}
