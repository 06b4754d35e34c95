// Package corpus holds evidence against pods that people have labelled: what each uses, by
// which form of text it shows that, and what only looks like it.
//
// The pods (pods/*.yaml) are written in the words of the documentation of real applications:
// names of variables, flags and keys are theirs, values are made up. Labels are annotations
// of the pod:
//
//	uses: redis url, mysql host-port via configmap     or: nothing
//	trap: switched-off
//
// A use is a middleware, the form that shows it, and, where that is no text of the pod
// itself, by way of what: configmap (variables), file (a mounted ConfigMap), secret (a
// reference that nobody reads, found by its name). A trap says why a pod looks as if it used
// more than it does.
package corpus

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
)

// inText is where a use stands that no label "via" says more of.
const inText = "text"

// places are where the text stands that shows a use.
var places = []string{inText, "configmap", "file", "secret"}

// traps are why pods look as if they used what they do not use.
var traps = []string{"between-nodes", "browser", "http", "localhost", "no-host", "own-cluster", "own-listeners", "own-name", "plain", "secret", "switched-off"}

// use is one label.
type use struct {
	middleware, form, via string
}

// labelled is one pod of the corpus.
type labelled struct {
	file string
	line int // of the object, from 1
	name string
	uses []use
	trap string // "" for none
	pod  rules.Pod
}

// String is where the pod stands: "pods/java.yaml:17 (orders-java)".
func (l *labelled) String() string { return fmt.Sprintf("%s:%d (%s)", l.file, l.line, l.name) }

// use finds the label of a middleware.
func (l *labelled) use(middleware string) (use, bool) {
	i := slices.IndexFunc(l.uses, func(u use) bool { return u.middleware == middleware })
	if i < 0 {
		return use{}, false
	}
	return l.uses[i], true
}

// podFiles are the files of the corpus.
func podFiles() ([]string, error) {
	files, err := filepath.Glob("pods/*.yaml")
	if err == nil && len(files) == 0 {
		err = errors.New("got no files of pods, want some in pods/")
	}
	return files, err
}

// corpus reads all pods, in the order of files and lines.
func corpus(t *testing.T) []labelled {
	t.Helper()
	files, err := podFiles()
	if err != nil {
		t.Fatal(err)
	}
	var all []labelled
	for _, file := range files {
		for _, w := range workloads(t, file) {
			l := labelled{file: file, line: w.Line, name: w.Name, pod: w.Pod, trap: w.Pod.Annotations["trap"]}
			if l.uses, err = labels(w.Pod.Annotations["uses"]); err != nil {
				t.Errorf("%s: %v", &l, err)
			}
			all = append(all, l)
		}
	}
	return all
}

// labels reads "redis url, mysql host-port via configmap".
func labels(text string) ([]use, error) {
	if text == "nothing" {
		return nil, nil
	}
	var uses []use
	for item := range strings.SplitSeq(text, ",") {
		words := strings.Fields(item)
		u := use{via: inText}
		switch {
		case len(words) == 4 && words[2] == "via":
			u.via = words[3]
			fallthrough
		case len(words) == 2:
			u.middleware, u.form = words[0], words[1]
		default:
			return nil, fmt.Errorf("got the label %q, want \"MIDDLEWARE FORM\", \"MIDDLEWARE FORM via PLACE\" or \"nothing\"", item)
		}
		if m, ok := rules.FindMiddleware(u.middleware); !ok || m.Name != u.middleware {
			return nil, fmt.Errorf("got the label %q, want a name that \"holdfast middleware\" lists", item)
		}
		if slices.ContainsFunc(uses, func(other use) bool { return other.middleware == u.middleware }) {
			return nil, fmt.Errorf("got two labels of %s, want one", u.middleware)
		}
		uses = append(uses, u)
	}
	return uses, nil
}

// The corpus is large enough, and every label says one of the words that are explained.
func TestLabels(t *testing.T) {
	pods := corpus(t)
	if len(pods) < 150 {
		t.Errorf("got %d pods, want 150 or more", len(pods))
	}
	names := map[string]*labelled{}
	for i := range pods {
		l := &pods[i]
		if other := names[l.name]; other != nil {
			t.Errorf("%s: got the name of %s, want one of its own", l, other)
		}
		names[l.name] = l
		if len(l.uses) == 0 && l.trap == "" {
			t.Errorf("%s: got no trap, want a word why it looks as if it used something, or \"plain\"", l)
		}
		if l.trap != "" && !slices.Contains(traps, l.trap) {
			t.Errorf("%s: got the trap %q, want one of %q", l, l.trap, traps)
		}
		for _, u := range l.uses {
			if !slices.Contains(places, u.via) {
				t.Errorf("%s: got \"via %s\", want one of %q", l, u.via, places)
			}
		}
	}
}
