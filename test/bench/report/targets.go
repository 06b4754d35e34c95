package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// Verdict is a ratio that was wanted, and what it is.
type Verdict struct {
	What string // "added latency to the limit"
	Size string
	Want float64
	// AtLeast says that the ratio should not be smaller than Want; else not larger.
	AtLeast bool
	Got     float64
	// Low and High are the ratio's extremes over the parts of the run; both are Got where
	// parts say nothing.
	Low, High float64
	// ByServers is what the ratio were if both differed in nothing but what their servers say that
	// they took themselves; 0 where they do not say.
	ByServers float64
}

// Met reports whether the ratio is as wanted.
func (v *Verdict) Met() bool {
	if v.AtLeast {
		return v.Got >= v.Want
	}
	return v.Got <= v.Want
}

// String says all of it: "small: ... target 1.15, got 1.31 (1.27-1.36): not met".
func (v *Verdict) String() string {
	word, spread, met := "at most", "", "met"
	if v.AtLeast {
		word = "at least"
	}
	if v.Low != v.High {
		spread = fmt.Sprintf(" (%.2f-%.2f)", v.Low, v.High)
	}
	if !v.Met() {
		met = "NOT MET"
	}
	return fmt.Sprintf("%s, %s: target %s %.2f, got %.2f%s: %s", v.What, v.Size, word, v.Want, v.Got, spread, met)
}

// Compared are the variants whose crowds targets hold against each other.
var Compared = []string{variant.Bare, variant.Holdfast(variant.Few, pods.Plain)}

// Verdicts hold the run against what is wanted of holdfast.
func (r *Run) Verdicts() []Verdict {
	var (
		few     = variant.Holdfast(variant.Few, pods.Plain)
		many    = variant.Holdfast(variant.Many, pods.Plain)
		nowhere = variant.Holdfast(variant.Few, pods.Nowhere)
		list    []Verdict
	)
	for i, size := range r.Sizes {
		add := func(what string, want float64, of, to Times) {
			v := Verdict{What: what, Size: size.Name, Want: want}
			v.Got, v.Low, v.High = ratio(of, to)
			if of.Own > 0 && to.Own > 0 {
				v.ByServers = rounded((to.P50 + of.Own - to.Own) / to.P50)
			}
			list = append(list, v)
		}
		added := func(name string) Times { return r.Added(name, i) }
		direct := func(name string) Times { return *r.of(name).Sizes[i].Direct }
		crowd := func(name string) *Crowd { return &r.of(name).Sizes[i].Crowd }
		add("added p50, 10 rules, to the limit", 1.15, added(few), added(variant.Bare))
		add("added p50, none of 10 rules matches, to the bare server that allows", 1.1, added(nowhere), added(variant.BareAllows))
		add("the same, to controller-runtime's no-op", 1, added(nowhere), added(variant.NoOp))
		switch pods.Size(i) {
		case pods.Typical:
			add("added p50, 10 rules, to MutatingAdmissionPolicy", 1.2, added(few), added(variant.Policy))
		case pods.Fat:
			add("added p50, 10 rules, to MutatingAdmissionPolicy", 1, added(few), added(variant.Policy))
		}
		add("added p50, 10,000 rules, to 10 rules", 1.05, added(many), added(few))
		add("direct p50, 10 rules, to the bare server that patches", []float64{1.4, 1.4, 1.8}[i], direct(few), direct(variant.Bare))
		many := fmt.Sprintf("%d clients: ", r.Settings.Clients)
		add(many+"p99, 10 rules, to the bare server that patches", 1.1, crowd(few).tail(), crowd(variant.Bare).tail())
		rate := Verdict{What: many + "throughput, 10 rules, to the bare server that patches", Size: size.Name, Want: 0.95, AtLeast: true}
		rate.Got, rate.Low, rate.High = paired(crowd(few).Rates, crowd(variant.Bare).Rates)
		rate.ByServers = r.rateByServers(crowd(few), crowd(variant.Bare))
		list = append(list, rate)
	}
	return list
}

// rateByServers is the ratio of two rates if nothing differed but how long their servers use a core
// for each pod. So many clients leave no core idle.
func (r *Run) rateByServers(of, to *Crowd) float64 {
	if of.CPU == 0 || to.CPU == 0 {
		return 0
	}
	all := 1e3 * float64(r.Machine.Cores) / Median(to.Rates) // that one pod takes, in milliseconds
	return rounded(all / (all + of.CPU - to.CPU))
}

// of finds a variant by its name; every run has all.
func (r *Run) of(name string) *Variant {
	return &r.Variants[slices.IndexFunc(r.Variants, func(v Variant) bool { return v.Name == name })]
}

// Added is what a variant adds to pods of a size: its median less that without a webhook, of
// the run and of its parts.
func (r *Run) Added(name string, size int) Times {
	with, without := r.of(name).Sizes[size].Created, r.of(variant.None).Sizes[size].Created
	added := Times{P50: with.P50 - without.P50, Own: with.Own}
	for i := range with.Parts {
		added.Parts = append(added.Parts, with.Parts[i]-without.Parts[i])
	}
	return added
}

// tail has the 99th percentile in the place of the median.
func (c *Crowd) tail() Times { return Times{P50: c.P99, Parts: c.Tails} }

// paired is the median of the ratios in each round, with its extremes over parts of the run.
func paired(of, to []float64) (got, low, high float64) {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = of[i] / to[i]
	}
	var ofParts []float64
	for _, part := range cut(ratios) {
		ofParts = append(ofParts, Median(part))
	}
	return shown(Median(ratios), ofParts)
}

// ratio is that of two medians, with its extremes over their parts.
func ratio(of, to Times) (got, low, high float64) {
	var ofParts []float64
	for i := range of.Parts {
		ofParts = append(ofParts, of.Parts[i]/to.Parts[i])
	}
	return shown(of.P50/to.P50, ofParts)
}

// shown is a ratio with its extremes over parts of the run, to two digits, so that what is judged
// is what is shown.
func shown(whole float64, ofParts []float64) (got, low, high float64) {
	all := append([]float64{whole}, ofParts...)
	for i, r := range all {
		all[i] = rounded(r)
	}
	return all[0], slices.Min(all), slices.Max(all)
}

// rounded has two digits.
func rounded(ratio float64) float64 { return math.Round(100*ratio) / 100 }
