package report

import (
	"math"
	"slices"
	"time"
)

// Times sum up how long requests took, in milliseconds.
type Times struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	// Parts are the medians of each of some parts of the run, in their order, and Tails the 99th
	// percentiles: how far they lie apart says how well the machine can tell two variants apart.
	Parts []float64 `json:"parts"`
	Tails []float64 `json:"tails"`
}

// parts are into how many a run is cut.
const parts = 5

// Sum sums up times, in the order in which they were measured: at least one.
func Sum(times []time.Duration) Times {
	sum := Times{P50: percentile(times, 50), P99: percentile(times, 99)}
	for _, part := range cut(times) {
		sum.Parts = append(sum.Parts, percentile(part, 50))
		sum.Tails = append(sum.Tails, percentile(part, 99))
	}
	return sum
}

// cut cuts a run into parts; one that is shorter has fewer.
func cut(run []time.Duration) (list [][]time.Duration) {
	for i := range parts {
		if part := run[i*len(run)/parts : (i+1)*len(run)/parts]; len(part) > 0 {
			list = append(list, part)
		}
	}
	return list
}

// percentile is the smallest time that so many percent do not exceed, in milliseconds, to the
// microsecond.
func percentile(times []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(times))
	rank := (len(sorted)*percent + 99) / 100
	return math.Round(float64(sorted[max(rank, 1)-1])/1e3) / 1e3
}

// Rate sums up rounds that each made so many requests, all together in such a time: the median
// rate, by the second, and that of each part.
func Rate(requests int, rounds []time.Duration) (median float64, ofParts []float64) {
	rate := func(rounds []time.Duration) float64 {
		return math.Round(float64(requests)/percentile(rounds, 50)*1e4) / 10
	}
	for _, part := range cut(rounds) {
		ofParts = append(ofParts, rate(part))
	}
	return rate(rounds), ofParts
}
