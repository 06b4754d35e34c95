package patterns

import "slices"

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
			return branch{n.class(1<<n.base - 2), repeated(n.digit(), "*")}.expression()
		}
	}
	var byLength []branch
	for first, size, length := 0, n.base, 1; first <= n.max; length++ {
		if part := clip(spans, first, size-1); len(part) > 0 {
			// What is above the largest number may be taken along.
			if last := &part[len(part)-1].last; *last == n.max {
				*last = size - 1
			}
			byLength = append(byLength, n.fixed(part, size, length))
		}
		first, size = size, size*n.base
	}
	return eitherOf(byLength).expression()
}

// fixed writes numbers below size, which is base to the power of length, with
// that many digits.
func (n numeral) fixed(spans []span, size, length int) branch {
	if spans[0].first == 0 && spans[0].last == size-1 {
		return times(n.digit(), length)
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
		branches[i] = branch{n.class(g.digits)}
		if length > 1 {
			branches[i] = append(branches[i], n.fixed(g.spans, size, length-1)...)
		}
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

func (n numeral) digit() expression { return n.class(1<<n.base - 1) }

// class writes a set of digits. A class never runs from 9 to a, which are not
// neighbours in ASCII.
func (n numeral) class(set uint) expression {
	text := make([]byte, 0, 10)
	count := 0
	for d := 0; d < n.base; d++ {
		if set&(1<<d) == 0 {
			continue
		}
		last := d
		for last+1 < n.base && last != 9 && set&(1<<(last+1)) != 0 {
			last++
		}
		count += last - d + 1
		text = append(text, digits[d])
		if last > d+1 {
			text = append(text, '-')
		}
		if last > d {
			text = append(text, digits[last])
		}
		d = last
	}
	if count == 1 {
		return expression{string(text), 1, true}
	}
	return expression{"[" + string(text) + "]", 1, true}
}
