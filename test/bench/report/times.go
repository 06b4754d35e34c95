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
	// Own is how long the server itself says that it took, from the first byte of a review to its
	// answer, and Rest all else: medians of means over some rounds. Own is 0 if it does not say.
	Own  float64 `json:"own,omitempty"`
	Rest float64 `json:"rest,omitempty"`
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

// cut cuts what was measured into parts, in its order; what is short has fewer.
func cut[T any](run []T) (list [][]T) {
	for i := range parts {
		if part := run[i*len(run)/parts : (i+1)*len(run)/parts]; len(part) > 0 {
			list = append(list, part)
		}
	}
	return list
}

// percentile is the smallest time that so many percent do not exceed, in milliseconds.
func percentile(times []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(times))
	rank := (len(sorted)*percent + 99) / 100
	return Milliseconds(sorted[max(rank, 1)-1])
}

// Milliseconds are those of a time, to the microsecond.
func Milliseconds(d time.Duration) float64 { return math.Round(float64(d)/1e3) / 1e3 }

// Mean is the mean; of one time at least.
func Mean(times []time.Duration) (mean time.Duration) {
	for _, t := range times {
		mean += t
	}
	return mean / time.Duration(len(times))
}

// Median is the middle one, the mean of the two middle ones of an even number; 0 of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// Rates are the requests a second in rounds of so many, each round in such a time.
func Rates(requests int, rounds []time.Duration) (list []float64) {
	for _, took := range rounds {
		list = append(list, math.Round(float64(requests)/took.Seconds()*10)/10)
	}
	return list
}
