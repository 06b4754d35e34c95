package soak

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// residentMiB are the most that a holdfast may have in use after all of it, by the number of its
// rules.
var residentMiB = map[int]float64{variant.Few: 40, variant.Many: 64}

// Verdicts hold every holdfast against what is wanted. results has the bare server too.
func Verdicts(results []Result) (list []report.Verdict) {
	noise := 0
	for _, r := range results {
		if r.Rules == 0 {
			noise = r.Slow
		}
	}
	for _, r := range results {
		if r.Rules == 0 {
			continue
		}
		add := func(what string, want, got float64) {
			got = math.Round(100*got) / 100
			list = append(list, report.Verdict{What: what, Size: r.Title, Want: want, Got: got, Low: got, High: got})
		}
		early, late := r.Fifths[1], r.Fifths[4]
		add("memory in the last fifth of the time to that in the second", 1.1, late.Resident.MiB()/early.Resident.MiB())
		add("goroutines in the last fifth more than in the second", 2, float64(late.Goroutines-early.Goroutines))
		add("MiB when it is over", residentMiB[r.Rules], r.After.Resident.MiB())
		// What the machine does to the bare server it does to this one too.
		add(fmt.Sprintf("requests over %s, with %d of the bare server", slow, noise), alike(noise), float64(r.Slow))
	}
	return list
}

// alike is how often a rare thing may come about where its like came about n times: by chance two
// such counts differ by more than twice the root of their sum in one of twenty cases only.
func alike(n int) float64 { return math.Floor(float64(n) + 2 + 2*math.Sqrt(2*float64(n)+1)) }

// Verdicts are those of the results.
func (r *Report) Verdicts() []report.Verdict { return Verdicts(r.Results) }

// Table is what became of the answers.
func (r *Report) Table() report.Table {
	t := report.Table{Head: []string{"", "admissions", "p50, ms", "p99, ms", "slowest, ms", "over " + slow.String()}}
	for _, of := range r.Results {
		t.Rows = append(t.Rows, []string{
			of.Title, fmt.Sprint(of.Asked), fmt.Sprintf("%.2f", of.Times.P50), fmt.Sprintf("%.2f", of.Times.P99),
			fmt.Sprintf("%.1f", of.Slowest.Seconds()*1e3), fmt.Sprint(of.Slow),
		})
	}
	return t
}

// Growth is what became of the processes, by the fifths of the time.
func (r *Report) Growth() report.Table {
	t := report.Table{Head: []string{"", "rules loaded", "memory, goroutines", "", "", "", "", "afterwards"}}
	for _, of := range r.Results {
		if of.Rules == 0 {
			continue
		}
		row := []string{of.Title, fmt.Sprint(of.Loaded)}
		for _, f := range append(of.Fifths, *of.After) {
			row = append(row, fmt.Sprintf("%.0f (%.0f), %d", f.Resident.MiB(), float64(f.Resident.File)/(1<<20), f.Goroutines))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// median is one look for several.
func median(looks []Look) Look {
	middle := func(of func(Look) int64) int64 {
		var values []int64
		for _, l := range looks {
			values = append(values, of(l))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return Look{
		Resident: report.Memory{
			Own:  middle(func(l Look) int64 { return l.Resident.Own }),
			File: middle(func(l Look) int64 { return l.Resident.File }),
		},
		Goroutines: int(middle(func(l Look) int64 { return int64(l.Goroutines) })),
	}
}

// Print writes the results for the terminal. It reports whether all is as wanted.
func Print(out io.Writer, results []Result) (met bool) {
	for _, r := range results {
		fmt.Fprintf(out, "%s: %d admissions, the slowest took %s, %d longer than %s\n", r.Title, r.Asked, r.Slowest.Round(time.Millisecond/10), r.Slow, slow)
		if r.Rules > 0 {
			fmt.Fprintf(out, "    rules loaded %d times; afterwards %s, %d goroutines\n", r.Loaded, r.After.Resident, r.After.Goroutines)
		}
	}
	met = true
	for _, v := range Verdicts(results) {
		fmt.Fprintln(out, v.String())
		met = met && v.Met()
	}
	return met
}
