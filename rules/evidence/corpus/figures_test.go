package corpus

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/written"
)

// writes is the command that does, with update.
const writes = "go test ./rules/evidence/corpus -update"

var update = flag.Bool("update", false, "write figures.txt and docs/evidence.md anew")

// tally counts uses.
type tally struct {
	labelled, found, extra int // extra: found and not labelled
}

// figures are what evidence finds of the corpus.
type figures struct {
	pods          int
	total         tally
	by            map[string]map[string]*tally // "middleware", "form", "place", "trap"; then its word
	missed, extra []string                     // for people, with file and line
	strange       []string                     // found, by a form that the label does not say
	known         []string                     // the same for figures.txt, where no line of a file shifts them
}

func (f *figures) at(table, word string) *tally {
	if f.by[table] == nil {
		f.by[table] = map[string]*tally{}
	}
	if f.by[table][word] == nil {
		f.by[table][word] = &tally{}
	}
	return f.by[table][word]
}

func count(pods []measured) *figures {
	f := &figures{pods: len(pods), by: map[string]map[string]*tally{}}
	for i := range pods {
		p := &pods[i]
		if p.trap != "" {
			f.at("trap", p.trap).labelled++
		}
		for _, v := range p.verdicts {
			u, used := p.use(v.Rule)
			switch {
			case used:
				tallies := []*tally{&f.total, f.at("middleware", u.middleware), f.at("form", u.form), f.at("place", u.via)}
				for _, t := range tallies {
					t.labelled++
					if v.Matched {
						t.found++
					}
				}
				if v.Matched && !shownBy(v.Evidence, u.form) {
					f.strange = append(f.strange, fmt.Sprintf("%s: got %s by %s, want the label's form %s: %v", &p.labelled, u.middleware, v.Evidence[0].Form, u.form, v.Evidence))
				}
				if !v.Matched {
					f.missed = append(f.missed, fmt.Sprintf("%s: missed %s (%s, %s)", &p.labelled, u.middleware, u.form, u.via))
					f.known = append(f.known, fmt.Sprintf("missed %s of %s (%s, %s)", u.middleware, p.name, u.form, u.via))
				}
			case v.Matched:
				f.total.extra++
				f.at("middleware", v.Rule).extra++
				trap := p.trap
				if trap == "" {
					trap = "none"
				}
				f.at("trap", trap).extra++
				f.extra = append(f.extra, fmt.Sprintf("%s: found %s, which it does not use: %s", &p.labelled, v.Rule, v.Detail))
				f.known = append(f.known, fmt.Sprintf("false %s of %s (%s)", v.Rule, p.name, trap))
			}
		}
	}
	return f
}

// declared is the form of what the annotation rules.MiddlewareAnnotation names.
const declared = "declared"

// shownBy reports whether any of the evidence has a form.
func shownBy(list []rules.Evidence, form string) bool {
	return slices.ContainsFunc(list, func(e rules.Evidence) bool {
		return e.Form == form || form == declared && strings.Contains(e.Where, rules.MiddlewareAnnotation)
	})
}

// String is figures.txt.
func (f *figures) String() string {
	var text strings.Builder
	text.WriteString("Written by '" + writes + "'. Recall is found of labelled uses; false are found and not labelled.\n\n")
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "pods\tlabelled\tfound\tfalse\n%d\t%d\t%d\t%d\n", f.pods, f.total.labelled, f.total.found, f.total.extra)
	for _, table := range []string{"middleware", "form", "place"} {
		fmt.Fprintf(w, "\t\t\t\n%s\tlabelled\tfound\tfalse\n", table)
		for _, word := range sorted(f.by[table]) {
			t := f.by[table][word]
			extra := ""
			if table == "middleware" {
				extra = fmt.Sprint(t.extra)
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", word, t.labelled, t.found, extra)
		}
	}
	fmt.Fprint(w, "\t\t\t\ntrap\tpods\t\tfalse\n")
	for _, word := range sorted(f.by["trap"]) {
		fmt.Fprintf(w, "%s\t%d\t\t%d\n", word, f.by["trap"][word].labelled, f.by["trap"][word].extra)
	}
	w.Flush()
	lines := strings.Split(text.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if len(f.known) > 0 {
		lines = append(lines, f.known...)
		lines = append(lines, "")
	}
	return strings.Join(lines, "\n")
}

func sorted(tallies map[string]*tally) []string {
	var words []string
	for word := range tallies {
		words = append(words, word)
	}
	slices.Sort(words)
	return words
}

// What is found of the corpus is what figures.txt says: neither less, nor more without being
// written down, so that a later loss is seen.
func TestFigures(t *testing.T) {
	f := count(measure(t))
	written.Check(t, "figures.txt", f.String(), writes, *update)
	for _, line := range f.strange {
		t.Error(line)
	}
	for _, line := range append(f.missed, f.extra...) {
		t.Log(line)
	}
}
