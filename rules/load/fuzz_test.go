package load

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLoad: whatever the text, Load ends without a panic, every problem has a
// position inside the text and a code that is documented, and the same text
// gives the same report.
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
		if _, again := Rules("f", data); !slices.Equal(problems, again) {
			t.Errorf("got another report for the same text:\n%s\n%s", report(problems), report(again))
		}
	})
}
