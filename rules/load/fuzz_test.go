package load

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzLoad: whatever the text, Load ends without a panic, every problem has a
// position inside the text and a code that is documented, and the same text
// gives the same report, whether it is read in pieces or not.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml", "../../deploy/examples/rules.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for _, text := range misleading {
		f.Add([]byte(header + text))
	}
	f.Add(indented(f, rulesOfTeams(3)))
	f.Add(bytes.Replace(indented(f, rulesOfTeams(3)), []byte(`"name"`), []byte(`"nome"`), 2))
	severities := documented(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := Rules("f", slices.Clone(data))
		if (file == nil) != problems.HasErrors() {
			t.Fatalf("got file %v with problems\n%s", file != nil, report(problems))
		}
		lines := 2 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) +
			strings.Count(string(data), "\u0085") + strings.Count(string(data), "\u2028") + strings.Count(string(data), "\u2029")
		for i, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Column < 1 {
				t.Errorf("got position %d:%d in a text of at most %d lines: %s", p.Line, p.Column, lines, p)
			}
			if severities[p.Code] != p.Severity {
				t.Errorf("got a code that is not documented: %s", p)
			}
			if strings.ContainsAny(p.String(), "\n\r") || !utf8.ValidString(p.String()) || len(p.Message) > 2000 {
				t.Errorf("got a message that is no line of text: %q", p.String())
			}
			if i > 0 && (p.Line < problems[i-1].Line || p.Line == problems[i-1].Line && p.Column < problems[i-1].Column) &&
				p.Code != tooManyProblems {
				t.Errorf("got problems out of order:\n%s", report(problems))
			}
		}
		for _, size := range []int{MaxFileSize, 1, 200} {
			again, problemsAgain := rulesOf("f", data, size)
			if !slices.Equal(problems, problemsAgain) {
				t.Errorf("got another report for the same text in pieces of %d bytes:\n%s\n%s", size, report(problems), report(problemsAgain))
			}
			if diff := cmp.Diff(file, again, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
				t.Errorf("got another file from the same text in pieces of %d bytes: %s", size, diff)
			}
		}
	})
}

// misleading are texts that are not what they look like in pieces.
var misleading = []string{
	"rules:\n- &a {name: a, destinations: {ports: [1]}, strategy: {idleTimeout: 2h}}\n- {<<: *a, name: b}\n",
	"rules:\n- {name: a, destinations: {ports: [1]}, strategy: &s {idleTimeout: 2h}}\n- {name: b, destinations: {ports: [2]}, strategy: *s}\n",
	"rules:\n- {name: a, destinations: {ports: [1]}, strategy: {idleTimeout: 2h}}\n- {name: a, destinations: {ports: [2]}, strategy: {idleTimeout: 2h}, x: 1}\n- 1\n",
	"rules:\n- {name: a, destinations: {ports: [1]}, strategy: {idleTimeout: 2h}, description: \"\n- b\n- c\"}\n- {name: d, destinations: {ports: [1]}, strategy: {idleTimeout: 2h}}\n",
	"x: \"\nrules:\n- a\n- b\n- c\nd\"\nrules: []\n",
	"rules:\n- name: a\n  destinations: {ports: [1]}\n  strategy: {idleTimeout: 2h}\n  description: |+\n    text\n\n\n- name: b\n  destinations: {ports: [2]}\n  strategy: {idleTimeout: 2h}\n",
	"rules:\n- {name: a, destinations: {ports: [1]}, strategy: {idleTimeout: 2h}}\n- {name: b, \n\n",
	"rules:\n- {name: a, destinations: {ports: [1]}, strategy: {idleTimeout: 2h}}\n# \u2028\n- {name: b, destinations: {ports: [2]}, strategy: {idleTimeout: 2h}}\n",
	"rules:\n- {name: a, destinations: {ports: [1]}, strategy: {idleTimeout: 2h}}\n- - a\n  - b\n---\nrules:\n- c\n- d\n",
}
