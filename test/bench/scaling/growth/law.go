package growth

import (
	"math"
	"slices"
)

// Law is how something grows with an input.
type Law int

// The laws, the best first.
const (
	Constant Law = iota
	Logarithmic
	Linear
	Worse
)

// String is the word for it.
func (l Law) String() string {
	return [...]string{"constant", "logarithmic", "linear", "more than linear"}[l]
}

// noise is how many times the first value others may be that count as the same: medians of requests
// that differ in nothing lie apart, from one process to the next.
const noise = 1.2

// near is the root of the mean square of relative errors within which a law is the one: what a
// collector has left of the same memory differs by that.
const near = 0.03

// lawOf returns the law that values follow: constant, if none is more than the first by more than
// noise; else that of a start and a multiple of the input's logarithm, of the input, or of its square,
// the first that comes close, or whichever leaves the smallest error, relative to the values.
func lawOf(inputs []int, values []float64) Law {
	if slices.Max(values) <= noise*values[0] {
		return Constant
	}
	best, least := Logarithmic, math.Inf(1)
	for i, shape := range []func(n float64) float64{
		math.Log,
		func(n float64) float64 { return n },
		func(n float64) float64 { return n * n },
	} {
		e := misfit(inputs, values, shape)
		if e < least {
			best, least = Logarithmic+Law(i), e
		}
		if e < float64(len(values))*near*near {
			break
		}
	}
	return best
}

// misfit is the sum of the squares of the relative errors that are left by the best line over a
// shape of the input.
func misfit(inputs []int, values []float64, shape func(float64) float64) (sum float64) {
	var w, wx, wy, wxx, wxy float64
	for i, v := range values {
		x, weight := shape(float64(max(inputs[i], 1))), 1/(v*v)
		w, wx, wy = w+weight, wx+weight*x, wy+weight*v
		wxx, wxy = wxx+weight*x*x, wxy+weight*x*v
	}
	slope := (w*wxy - wx*wy) / (w*wxx - wx*wx)
	start := (wy - slope*wx) / w
	for i, v := range values {
		miss := (start + slope*shape(float64(max(inputs[i], 1)))) / v
		sum += (miss - 1) * (miss - 1)
	}
	return sum
}
