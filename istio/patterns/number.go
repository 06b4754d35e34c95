package patterns

import (
	"math"
	"math/bits"
	"slices"
)

// span is a closed range of numbers.
type span struct{ first, last int }

// numeral says how numbers are written: without leading zeros, lower case.
type numeral struct {
	base int
	max  int // numbers above never occur
}

var (
	portNumeral  = numeral{10, 65535}
	octetNumeral = numeral{10, 255}
	groupNumeral = numeral{16, 65535}
)

const digits = "0123456789abcdef"

// write returns an expression for the numbers in the spans, which must be
// sorted and disjoint. Of texts that no number has it promises nothing.
func (n numeral) write(spans []span) expression {
	if s := spans[0]; s.last == n.max {
		switch s.first {
		case 0:
			return repeated(n.digit(), "+")
		case 1:
			return branch{class(1<<n.base - 2), repeated(n.digit(), "*")}.expression()
		}
	}
	// What is above the largest number may be taken along.
	spans = slices.Clone(spans)
	if last := &spans[len(spans)-1].last; *last == n.max {
		*last = math.MaxInt
	}
	var byLength []branch
	for first, size := 0, n.base; first <= n.max; first, size = size, size*n.base {
		if part := clip(spans, first, size-1); len(part) > 0 {
			byLength = append(byLength, n.fixed(part, size))
		}
	}
	return eitherOf(byLength).expression()
}

// fixed writes numbers below size, a power of base, with the same count of
// digits.
func (n numeral) fixed(spans []span, size int) branch {
	if size == 1 {
		return nil
	}
	size /= n.base
	var groups []digitGroup
	for d := range n.base {
		part := clip(spans, d*size, (d+1)*size-1)
		if len(part) == 0 {
			continue
		}
		for i := range part {
			part[i].first -= d * size
			part[i].last -= d * size
		}
		i := slices.IndexFunc(groups, func(g digitGroup) bool { return slices.Equal(g.spans, part) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, digitGroup{spans: part})
		}
		groups[i].digits |= 1 << d
	}
	branches := make([]branch, len(groups))
	for i, g := range groups {
		branches[i] = join(branch{class(g.digits)}, n.fixed(g.spans, size))
	}
	return eitherOf(branches)
}

// digitGroup is a set of digits behind which the same numbers may follow.
type digitGroup struct {
	digits uint
	spans  []span
}

// clip returns the numbers of the spans from first to last.
func clip(spans []span, first, last int) []span {
	var out []span
	for _, s := range spans {
		if from, to := max(s.first, first), min(s.last, last); from <= to {
			out = append(out, span{from, to})
		}
	}
	return out
}

func (n numeral) digit() expression { return class(1<<n.base - 1) }

// class writes a set of digits. A class never runs from 9 to a, which are not
// neighbours in ASCII.
func class(set uint) expression {
	if bits.OnesCount(set) == 1 {
		return expression{digits[bits.TrailingZeros(set):][:1], 1, true}
	}
	text := []byte{'['}
	for set != 0 {
		first := bits.TrailingZeros(set)
		last := first
		for last != 9 && set&(2<<last) != 0 {
			last++
		}
		set &^= 2<<last - 1
		text = append(text, digits[first])
		if last > first+1 {
			text = append(text, '-')
		}
		if last > first {
			text = append(text, digits[last])
		}
	}
	return expression{string(append(text, ']')), 1, true}
}
