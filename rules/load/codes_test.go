package load

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documented are the codes of docs/codes.md, by the heading that they stand
// under. rules/internal/gencodes makes the page, and sees to their meanings.
func documented(t testing.TB) map[Code]Severity {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "codes.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "\n### Errors\n")
	errors, warnings, found := strings.Cut(text, "\n### Warnings\n")
	if !found {
		t.Fatal("docs/codes.md has no headings Errors and Warnings")
	}
	codes := map[Code]Severity{}
	for severity, table := range map[Severity]string{Error: errors, Warning: warnings} {
		for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| .* \\|$").FindAllStringSubmatch(table, -1) {
			codes[Code(row[1])] = severity
		}
	}
	return codes
}

// Every documented code has a test that expects it at its position, here or in
// the corpus, with the documented severity; and no other code is reported.
func TestCodesAreTested(t *testing.T) {
	reported := map[Code]Severity{}
	for _, kind := range []string{"good", "bad"} {
		for _, file := range corpus(t, kind) {
			_, problems := Rules(file, read(t, file))
			for _, p := range problems {
				reported[p.Code] = p.Severity
			}
		}
	}
	for _, problems := range []Problems{largeFile(), manyAliases(), manyProblems(), manyValues(), longBypass(), Unreadable("f", fs.ErrNotExist)} {
		for _, p := range problems {
			reported[p.Code] = p.Severity
		}
	}
	known := documented(t)
	for code, want := range known {
		switch severity, ok := reported[code]; {
		case !ok && code != keepaliveWithoutIdleTimeout && code != longDrainDuration:
			t.Errorf("no file of testdata reports %s", code)
		case ok && severity != want:
			t.Errorf("%s is reported as %s, want %s", code, severity, want)
		}
	}
	for code := range reported {
		if known[code] == "" {
			t.Errorf("%s is reported but not in docs/codes.md", code)
		}
	}
}
