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

// Verdicts hold the run against what is wanted of holdfast.
func (r *Run) Verdicts() []Verdict {
	var (
		few     = variant.Holdfast(variant.Few, pods.Plain)
		many    = variant.Holdfast(variant.Many, pods.Plain)
		nowhere = variant.Holdfast(variant.Few, pods.Nowhere)
		list    []Verdict
	)
	for i, size := range r.Sizes {
		add := func(what string, want float64, of, to func() Times, atLeast bool) {
			v := Verdict{What: what, Size: size.Name, Want: want, AtLeast: atLeast}
			v.Got, v.Low, v.High = ratio(of(), to())
			list = append(list, v)
		}
		added := func(name string) func() Times { return func() Times { return r.Added(name, i) } }
		direct := func(name string) func() Times { return func() Times { return *r.of(name).Sizes[i].Direct } }
		add("added p50, 10 rules, to the limit", 1.15, added(few), added(variant.Bare), false)
		add("added p50, none of 10 rules matches, to the bare server that allows", 1.1, added(nowhere), added(variant.BareAllows), false)
		add("the same, to controller-runtime's no-op", 1, added(nowhere), added(variant.NoOp), false)
		switch pods.Size(i) {
		case pods.Typical:
			add("added p50, 10 rules, to MutatingAdmissionPolicy", 1.2, added(few), added(variant.Policy), false)
		case pods.Fat:
			add("added p50, 10 rules, to MutatingAdmissionPolicy", 1, added(few), added(variant.Policy), false)
		}
		add("added p50, 10,000 rules, to 10 rules", 1.05, added(many), added(few), false)
		add("direct p50, 10 rules, to the bare server that patches", []float64{1.4, 1.4, 1.8}[i], direct(few), direct(variant.Bare), false)
		tail := func(c *Crowd) (float64, []float64) { return c.P99, c.Tails }
		rate := func(c *Crowd) (float64, []float64) { return c.PerSecond, c.Rates }
		add("8 clients: p99, 10 rules, to the bare server that patches", 1.1, r.ofCrowd(few, i, tail), r.ofCrowd(variant.Bare, i, tail), false)
		add("8 clients: throughput, 10 rules, to the bare server that patches", 0.95, r.ofCrowd(few, i, rate), r.ofCrowd(variant.Bare, i, rate), true)
	}
	return list
}

// of finds a variant by its name; every run has all.
func (r *Run) of(name string) *Variant {
	return &r.Variants[slices.IndexFunc(r.Variants, func(v Variant) bool { return v.Name == name })]
}

// Added is what a variant adds to pods of a size: its median less that without a webhook, of
// the run and of its parts.
func (r *Run) Added(name string, size int) Times {
	with, without := r.of(name).Sizes[size].Created, r.of(variant.None).Sizes[size].Created
	added := Times{P50: with.P50 - without.P50}
	for i := range with.Parts {
		added.Parts = append(added.Parts, with.Parts[i]-without.Parts[i])
	}
	return added
}

// ofCrowd is a figure of a variant's many clients, with those of its parts.
func (r *Run) ofCrowd(name string, size int, figure func(*Crowd) (float64, []float64)) func() Times {
	return func() Times {
		whole, ofParts := figure(&r.of(name).Sizes[size].Crowd)
		return Times{P50: whole, Parts: ofParts}
	}
}

// ratio is that of two medians, with its extremes over their parts; to two digits, so that what
// is judged is what is shown.
func ratio(of, to Times) (got, low, high float64) {
	divide := func(a, b float64) float64 { return math.Round(100*a/b) / 100 }
	got = divide(of.P50, to.P50)
	low, high = got, got
	for i := range of.Parts {
		part := divide(of.Parts[i], to.Parts[i])
		low, high = min(low, part), max(high, part)
	}
	return got, low, high
}
