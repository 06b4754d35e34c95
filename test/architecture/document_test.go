package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	quoted = regexp.MustCompile("`([^`]*)`")
	symbol = regexp.MustCompile(`^[a-z][a-z0-9]*\.[A-Z]\w*(\.[A-Z]\w*)?$`)
	target = regexp.MustCompile(`(?m)^([a-z0-9-]+):`)
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// unknown lists the words between backquotes that are neither a file or folder, nor an
// exported symbol with its package's name, nor a target of the Makefile. So nothing stands
// between backquotes that cannot be checked.
func unknown(t *testing.T, text string, list []folder) []string {
	t.Helper()
	var words []string
	makefile := read(t, "Makefile")
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		word := match[1]
		switch goal, isMake := strings.CutPrefix(word, "make "); {
		case isMake && slices.ContainsFunc(target.FindAllStringSubmatch(makefile, -1), func(m []string) bool { return m[1] == goal }):
		case symbol.MatchString(word) && slices.ContainsFunc(list, func(f folder) bool { return f.has(word) }):
		case !isMake && !symbol.MatchString(word) && filepath.IsLocal(word) && exists(word):
		default:
			words = append(words, word)
		}
	}
	return words
}

func exists(path string) bool {
	_, err := os.Stat(filepath.Join(root, path))
	return err == nil
}

func TestDocumentIsTrue(t *testing.T) {
	list := packages(t)
	text := read(t, "docs/architecture.md")
	for _, word := range unknown(t, text, list) {
		t.Errorf("docs/architecture.md: got `%s`, want a file, a folder, an exported symbol as `package.Name` or a target as `make target`", word)
	}
	for _, f := range list {
		if !strings.Contains(text, "`"+f.path+"`") {
			t.Errorf("docs/architecture.md does not name the package `%s`", f.path)
		}
	}
}

// The check itself sees what is wrong.
func TestUnknown(t *testing.T) {
	list := packages(t)
	for word, want := range map[string]bool{
		"Makefile": false, "istio": false, "istio/patterns/pack.go": false, "make unit": false, "patterns.Pack": false, "rules.Pod.Labels": false,
		"istio/gone.go": true, "gone": true, "make gone": true, "patterns.Gone": true, "rules.Pod.Gone": true, "istio.Pack": true, "../holdfast": true, "": true,
	} {
		if got := unknown(t, "a `"+word+"` b", list) != nil; got != want {
			t.Errorf("%q: got unknown %v, want %v", word, got, want)
		}
	}
}
