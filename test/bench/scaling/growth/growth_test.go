package growth

import (
	"flag"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/soak"
	"github.com/holdfast-mesh/holdfast/test/results"
	"github.com/holdfast-mesh/holdfast/test/written"
)

var update = flag.Bool("update", false, "write the page in docs anew, from the measurements there")

const docs = "../../../../docs"

// The page in docs is what the committed measurements give.
func TestPageIsFresh(t *testing.T) {
	run, err := results.Read[Run](filepath.Join(docs, JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	soaked, err := results.Read[soak.Report](filepath.Join(docs, soak.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	text, err := page(run, soaked)
	if err != nil {
		t.Fatal(err)
	}
	written.Check(t, filepath.Join(docs, pageFile), text, "go test ./test/bench/scaling/growth -update", *update)
}

// A law is told from the others, also where it is little against what does not grow, and where
// values are a little off.
func TestLawOf(t *testing.T) {
	laws := map[Law]func(n float64) float64{
		Constant:    func(float64) float64 { return 1 },
		Logarithmic: math.Log10,
		Linear:      func(n float64) float64 { return n / 1000 },
		Worse:       func(n float64) float64 { return n * n / 1e6 },
	}
	for _, inputs := range [][]int{{10, 100, 1000, 10000}, {10, 50, 500, 5000}, {0, 200, 2000, 20000}} {
		for want, law := range laws {
			for _, start := range []float64{0.3, 2, 5} {
				var values []float64
				for i, n := range inputs {
					off := 1 + 0.03*float64(1-2*(i%2))
					values = append(values, off*(start+law(float64(max(n, 1)))))
				}
				if got := lawOf(inputs, values); got != want && !(want == Logarithmic && start == 5 && got == Constant) {
					t.Errorf("%v of %v with %v at the start: got %s, want %s", values, inputs, start, got, want)
				}
			}
		}
	}
}

// Of two laws that both fit within what the collector leaves at times, it is the lesser.
func TestLesserLaw(t *testing.T) {
	if got := lawOf([]int{0, 200, 2000, 20000}, []float64{33, 34, 33, 41}); got != Linear {
		t.Errorf("got %s, want linear", got)
	}
}

// What becomes less does not grow.
func TestLawOfLess(t *testing.T) {
	if got := lawOf([]int{10, 100, 1000, 10000}, []float64{1, 1.1, 1.11, 0.7}); got != Constant {
		t.Errorf("got %s, want constant", got)
	}
}

// example is a run in which nothing grows, and loading takes little.
func example() *Run {
	same := Time{Milliseconds: 0.4, Beside: 0.2}
	in := Input{Title: "rules", Wanted: Constant}
	for _, n := range []int{10, 100, 1000} {
		in.Rows = append(in.Rows, Row{N: n, Seen: same, New: same, Resident: report.Memory{Own: 10 << 20, File: 30 << 20}})
	}
	return &Run{Inputs: []Input{in}, Loads: []Load{{Rules: 1000, Bytes: 150_000, Resident: 40 << 20, Start: 60 << 20, Edit: 50 << 20}}}
}

// What grows is told, and what the machine did to the process beside too is not.
func TestTables(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Run)
		table  func(*Run) report.Table
		want   string
	}{
		{"nothing", func(*Run) {}, (*Run).Laws, "rules constant constant constant met constant"},
		{"noise", func(r *Run) { r.Inputs[0].Rows[2].Seen = Time{0.8, 0.4} }, (*Run).Laws, "rules constant constant constant met constant"},
		{"seen pods", func(r *Run) { r.Inputs[0].Rows[2].Seen.Milliseconds *= 8 }, (*Run).Laws, "rules more than linear constant constant **not met** constant"},
		{"new pods", func(r *Run) { r.Inputs[0].Rows[2].New.Milliseconds *= 8 }, (*Run).Laws, "rules constant more than linear constant **not met** constant"},
		{"as wanted", func(r *Run) { r.Inputs[0].Wanted = Worse; r.Inputs[0].Rows[2].New.Milliseconds *= 8 }, (*Run).Laws, "rules constant more than linear more than linear met constant"},
		{"memory", func(r *Run) { r.Inputs[0].Rows[2].Resident.Own <<= 3 }, (*Run).Laws, "rules constant constant constant met more than linear"},
		{"loading", func(*Run) {}, (*Run).Loading, "1,000 rules 150 0.0 40 60 1.50 50 1.25 met"},
		{"a form", func(r *Run) { r.Loads[0].Form = "as JSON" }, (*Run).Loading, "1,000 rules, as JSON 150 0.0 40 60 1.50 50 1.25 met"},
		{"the start", func(r *Run) { r.Loads[0].Start = 80 << 20 }, (*Run).Loading, "1,000 rules 150 0.0 40 80 2.00 50 1.25 **not met**"},
		{"an edit", func(r *Run) { r.Loads[0].Edit = 80 << 20 }, (*Run).Loading, "1,000 rules 150 0.0 40 60 1.50 80 2.00 **not met**"},
		{"an input", func(r *Run) { r.Inputs[0].Rows = r.Inputs[0].Rows[2:] }, func(r *Run) report.Table { return r.Tables()[0] }, "1,000 0.40 1.00 0.40 1.00 40"},
	} {
		run := example()
		test.change(run)
		if got := strings.Join(test.table(run).Rows[0], " "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// The time of loading and what lives afterwards grow with rules in files alone.
func TestLoadingLaws(t *testing.T) {
	run := &Run{}
	for _, n := range []int{10, 100, 1000, 10000} {
		run.Loads = append(run.Loads, Load{Rules: n, Milliseconds: 1 + float64(n)/100, Resident: 40 << 20})
	}
	run.Loads = append(run.Loads, Load{Rules: 10, Form: "as JSON", Milliseconds: 1e6, Resident: 1 << 40})
	if got := run.LoadingLaws(); got.Time != Linear || got.Memory != Constant {
		t.Errorf("got time %s and memory %s, want linear and constant", got.Time, got.Memory)
	}
}
