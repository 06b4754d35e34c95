package growth

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"math"
	"text/template"

	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/soak"
)

// Names of the files in docs.
const (
	JSONFile = "scaling.json"
	pageFile = "scaling.md"
)

//go:embed scaling.md.tmpl
var pageTemplate string

// mostPeak is how many times what is resident a process may have while it loads rules.
const mostPeak = 2

// page writes docs/scaling.md: words from the template, numbers from a run and a soak.
func page(run *Run, soaked *soak.Report) (string, error) {
	parsed, err := template.New(pageFile).Parse(pageTemplate)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, struct {
		*Run
		Soak *soak.Report
	}{run, soaked})
	return out.String(), err
}

// Tables are all that was measured: one for each input, what follows from them, and what loading takes.
func (r *Run) Tables() (list []report.Table) {
	for i := range r.Inputs {
		list = append(list, r.Inputs[i].table())
	}
	return list
}

func (i *Input) table() report.Table {
	t := report.Table{Title: i.Title, Head: []string{"", "seen, ms", "x", "new, ms", "x", "MiB"}}
	first := i.Rows[0]
	for _, row := range i.Rows {
		t.Rows = append(t.Rows, []string{
			number(row.N),
			fmt.Sprintf("%.2f", row.Seen.Milliseconds), fmt.Sprintf("%.2f", row.Seen.x()/first.Seen.x()),
			fmt.Sprintf("%.2f", row.New.Milliseconds), fmt.Sprintf("%.2f", row.New.x()/first.New.x()),
			fmt.Sprintf("%.0f", row.Resident.MiB()),
		})
	}
	return t
}

// Laws is a table of how all of it grows.
func (r *Run) Laws() report.Table {
	t := report.Table{Title: "How it grows", Head: []string{"with", "seen", "new", "wanted at most", "", "memory"}}
	for i := range r.Inputs {
		in := &r.Inputs[i]
		seen, unseen := in.law(func(r *Row) float64 { return r.Seen.x() }), in.law(func(r *Row) float64 { return r.New.x() })
		t.Rows = append(t.Rows, []string{
			in.Title, seen.String(), unseen.String(), in.Wanted.String(), met(max(seen, unseen) <= in.Wanted),
			in.law(func(r *Row) float64 { return r.Resident.MiB() }).String(),
		})
	}
	return t
}

func (i *Input) law(of func(*Row) float64) Law {
	var inputs []int
	var values []float64
	for n := range i.Rows {
		inputs, values = append(inputs, i.Rows[n].N), append(values, of(&i.Rows[n]))
	}
	return lawOf(inputs, values)
}

// Loading is a table of what loading rules takes.
func (r *Run) Loading() report.Table {
	t := report.Table{
		Title: "Loading rules",
		Head:  []string{"", "KB", "ms", "MiB", "start: at most", "x", "edit: at most", "x", ""},
	}
	for _, l := range r.Loads {
		row := []string{l.Title(), fmt.Sprintf("%.0f", float64(l.Bytes)/1e3), fmt.Sprintf("%.1f", l.Milliseconds), mib(l.Resident)}
		for _, peak := range []int64{l.Start, l.Edit} {
			row = append(row, mib(peak), fmt.Sprintf("%.2f", l.x(peak)))
		}
		t.Rows = append(t.Rows, append(row, met(l.x(max(l.Start, l.Edit)) < mostPeak)))
	}
	return t
}

// LoadingLaws are how the time of loading grows with rules in a file, and what is resident.
func (r *Run) LoadingLaws() (laws struct{ Time, Memory Law }) {
	var rules []int
	var times, memory []float64
	for _, l := range r.Loads {
		if l.Form == "" {
			rules, times, memory = append(rules, l.Rules), append(times, l.Milliseconds), append(memory, float64(l.Resident))
		}
	}
	laws.Time, laws.Memory = lawOf(rules, times), lawOf(rules, memory)
	return laws
}

// Print writes the run for the terminal.
func (r *Run) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s\n", r.Machine)
	for _, t := range append(r.Tables(), r.Laws(), r.Loading()) {
		if err := t.Print(out); err != nil {
			return err
		}
	}
	if r.Loads == nil {
		return nil
	}
	laws := r.LoadingLaws()
	_, err := fmt.Fprintf(out, "with rules, the time is %s, the memory %s\n", laws.Time, laws.Memory)
	return err
}

func met(as bool) string {
	if as {
		return "met"
	}
	return "**not met**"
}

func mib(bytes int64) string { return fmt.Sprintf("%.0f", math.Round(float64(bytes)/(1<<20))) }

// number writes thousands as people do.
func number(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", number(n/1000), n%1000)
}
