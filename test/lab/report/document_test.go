package report

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const docs = "../../../docs"

func reference(t *testing.T) *Run {
	t.Helper()
	run, err := Read(filepath.Join(docs, "lab.json"))
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// The pictures and the page in docs are what the committed measurements give, to the byte:
// a number that somebody typed, or that an older run gave, fails here.
func TestDocsAreFresh(t *testing.T) {
	files, err := reference(t).Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Fatalf("got %d files, want 3", len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("docs/%s is not what docs/lab.json gives: run 'go run . -redraw ../../docs' in test/lab", name)
		}
	}
}

// The reference run is one in which everything was as expected.
func TestReferenceRunIsGood(t *testing.T) {
	run := reference(t)
	for _, problem := range run.Problems() {
		t.Error(problem)
	}
	for _, group := range groups {
		if len(run.Group(group)) == 0 {
			t.Errorf("got no scenario of group %s, want a run of all scenarios", group)
		}
	}
}

// Times in the page's words come from the run, not from the keyboard. What stands between
// backquotes is configuration.
func TestNoTypedMeasurements(t *testing.T) {
	words := regexp.MustCompile(`(?s)\{\{.*?\}\}|`+"`[^`]*`").ReplaceAllString(whyTemplate, "")
	if typed := regexp.MustCompile(`\d[\d.]*\s*(ms|s|h|seconds|minutes|hours|KB|MB)\b`).FindAllString(words, -1); typed != nil {
		t.Errorf("why.md.tmpl has typed measurements %q, want them from the run", typed)
	}
}

// A run without the scenarios that the page speaks of gives an error that names one.
func TestDocumentOfPartialRun(t *testing.T) {
	run := reference(t)
	run.Scenarios = run.Scenarios[:1]
	_, err := run.Document()
	if err == nil || !strings.Contains(err.Error(), "idle-sidecar") {
		t.Errorf("got error %v, want one that names the missing scenario idle-sidecar", err)
	}
}
