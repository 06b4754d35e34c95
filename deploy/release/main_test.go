package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestReleaseVersion(t *testing.T) {
	for described, want := range map[string]string{
		"v1.2.3":                "v1.2.3",
		"v1.2.3-rc.1":           "v1.2.3-rc.1",
		"v1.2.3-5-gabc1234":     "v1.2.3-5-gabc1234",     // five commits behind the tag
		"a3366c9":               "v0.0.0-ga3366c9",       // no tag yet
		"0123456":               "v0.0.0-g0123456",       // digits alone: no number, so the zero may lead
		"a3366c9-dirty":         "v0.0.0-ga3366c9-dirty", // with changes that are in no commit
		"":                      "",                      // no git, and nobody said
		"v1.2":                  "",
		"v1.2.3+build":          "", // no tag of an image
		"v1.2.3 && rm -rf dist": "",
		"latest release":        "",
	} {
		got, err := releaseVersion(described)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", described, got, err, want)
		}
	}
}

func TestSourceTime(t *testing.T) {
	for text, want := range map[string]string{
		"1700000000": "2023-11-14T22:13:20Z",
		"0":          "before 1980", // zip has no such time
		"today":      `got "today", want seconds since 1970`,
	} {
		t.Setenv("SOURCE_DATE_EPOCH", text)
		got, err := sourceTime(t.Context(), "../..")
		if said := fmt.Sprint(got.Format(time.RFC3339), err); !strings.Contains(said, want) {
			t.Errorf("%s: got %s, want %s", text, said, want)
		}
	}
	// Without it, the last commit's; without git, what to do.
	t.Setenv("SOURCE_DATE_EPOCH", "")
	root := t.TempDir()
	if got, err := sourceTime(t.Context(), root); err == nil || !strings.Contains(err.Error(), "set SOURCE_DATE_EPOCH") {
		t.Errorf("without git: got %v, %v, want an error that says what to set", got, err)
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"-c", "user.name=Some Body", "-c", "user.email=some@example.com", "commit", "--quiet", "--allow-empty", "--message=first"},
	} {
		git := exec.Command("git", append([]string{"-C", root}, args...)...)
		git.Env = append(os.Environ(), "GIT_COMMITTER_DATE=1600000000 +0200")
		if output, err := git.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", git, err, output)
		}
	}
	if got, err := sourceTime(t.Context(), root); err != nil || got.Unix() != 1600000000 {
		t.Errorf("got %v, %v, want the commit's time", got, err)
	}
}

// A wrong call says what is right, and touches nothing.
func TestRunUsage(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-version", "v1.2.3"}, "want one word: image or all"},
		{[]string{"-version", "v1.2.3", "everything"}, `got "everything", want image or all`},
		{[]string{"all"}, "say make release VERSION=v1.2.3"},
	} {
		root := t.TempDir()
		err := run(t.Context(), append([]string{"-root", root}, test.args...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.args, err, test.want)
		}
		if entries, err := os.ReadDir(root); err != nil || len(entries) > 0 {
			t.Errorf("%q: got %v (%v), want nothing written", test.args, entries, err)
		}
	}
}
