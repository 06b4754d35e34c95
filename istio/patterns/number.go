package patterns

import (
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

// level describes the numbers that are written with a fixed count of further
// digits, counted from the first of them: the first size numbers can occur,
// those in members are wanted.
type level struct {
	size    int
	members []span
}

func (l level) never() bool { return l.size == 0 }
func (l level) none() bool  { return len(l.members) == 0 }
func (l level) all() bool {
	return len(l.members) == 1 && l.members[0].first == 0 && l.members[0].last >= l.size-1
}

func (l level) partly() bool { return !l.never() && !l.none() && !l.all() }

// write returns an expression for the numbers in the spans, which must be
// sorted and disjoint. Of texts that no number has it promises nothing.
func (n numeral) write(spans []span) expression {
	if s := spans[0]; len(spans) == 1 && s.first == 0 && s.last == n.max {
		return repeated(n.digit(), "+")
	}
	var byLength []branch
	crossing := false
	for first, size, length := 0, n.base, 1; first <= n.max; length++ {
		if part := clip(spans, first, size-1); len(part) > 0 {
			// What is above the largest number may be taken along.
			if last := &part[len(part)-1].last; *last == n.max {
				*last = size - 1
			}
			byLength = append(byLength, n.fixed(part, size, length))
		}
		first, size = size, size*n.base
		crossing = crossing || slices.ContainsFunc(spans, func(s span) bool { return s.first < first && first <= s.last })
	}
	apart := eitherOf(byLength).expression()
	if crossing {
		if together := eitherOf(n.together(spans)).expression(); together.cost < apart.cost {
			return together
		}
	}
	return apart
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

// together writes numbers of different length in one go, which is short where
// those with more digits continue those with fewer.
func (n numeral) together(spans []span) []branch {
	// Numbers of 1, 2, 3 ... digits, by their first digit. Zero has no further
	// digits.
	children := make([][]level, n.base)
	for power, length := 1, 0; power <= n.max; power, length = power*n.base, length+1 {
		for d := range n.base {
			l := level{}
			if d > 0 || length == 0 {
				l = n.cut(spans, d*power, power, n.max+1)
			}
			children[d] = append(children[d], l)
		}
	}
	return n.byDigit(children)
}

// cut returns the level of size numbers from first on, of which those from
// limit on never occur.
func (n numeral) cut(spans []span, first, size, limit int) level {
	l := level{size: max(0, min(size, limit-first))}
	l.members = clip(spans, first, first+l.size-1)
	for i := range l.members {
		l.members[i].first -= first
		l.members[i].last -= first
	}
	return l
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

// byDigit returns a branch for each set of digits that is followed alike.
func (n numeral) byDigit(children [][]level) []branch {
	type group struct {
		levels []level
		digits uint
	}
	var groups []group
next:
	for d, levels := range children {
		if !wanted(levels) {
			continue
		}
		for i := range groups {
			if unify(groups[i].levels, levels) {
				groups[i].digits |= 1 << d
				continue next
			}
		}
		groups = append(groups, group{levels, 1 << d})
	}
	branches := make([]branch, 0, len(groups))
	for _, g := range groups {
		branches = append(branches, join(branch{n.class(g.digits)}, n.rest(g.levels)))
	}
	return branches
}

// unify makes known describe both, and says whether that was possible: levels
// whose numbers never occur fit to any other.
func unify(known, levels []level) bool {
	for i, l := range levels {
		k := known[i]
		if k.never() || l.never() || k.none() && l.none() || k.all() && l.all() {
			continue
		}
		if k.size != l.size || len(k.members) != len(l.members) {
			return false
		}
		for j := range k.members {
			if k.members[j] != l.members[j] {
				return false
			}
		}
	}
	for i, l := range levels {
		// The larger level is the one with the fewer numbers that never occur.
		if l.size > known[i].size {
			known[i] = l
		}
	}
	return true
}

func wanted(levels []level) bool {
	return slices.ContainsFunc(levels, func(l level) bool { return !l.none() })
}

// rest returns what may follow.
func (n numeral) rest(levels []level) branch {
	if !slices.ContainsFunc(levels, level.partly) {
		return n.counted(levels)
	}
	children := make([][]level, n.base)
	power := 1
	for _, l := range levels[1:] {
		for d := range n.base {
			children[d] = append(children[d], n.cut(l.members, d*power, power, l.size))
		}
		power *= n.base
	}
	branches := n.byDigit(children)
	if !levels[0].none() {
		branches = append(branches, nil)
	}
	return eitherOf(branches)
}

// counted writes any digits, where only their number decides.
func (n numeral) counted(levels []level) branch {
	all, more := true, 0
	for i, l := range levels[1:] {
		all = all && (l.never() || l.all())
		if !l.none() {
			more = i + 1
		}
	}
	now := !levels[0].none()
	switch {
	case more == 0:
		return nil
	case more == 1 && now:
		return branch{repeated(n.digit(), "?")}
	case all && now:
		return branch{repeated(n.digit(), "*")}
	case all && more > 1:
		return branch{repeated(n.digit(), "+")}
	}
	rest := join(branch{n.digit()}, n.counted(levels[1:]))
	if now {
		return optionally(rest)
	}
	return rest
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
		return expression{string(text), 1}
	}
	return expression{"[" + string(text) + "]", 1}
}
