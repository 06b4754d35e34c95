package patterns

import (
	"slices"
	"strings"
)

// expression is a piece of a regular expression that may stand next to others
// without parentheses, and the instructions it costs at the most.
type expression struct {
	text   string
	cost   int
	single bool // a repetition sign behind the text takes all of it
}

// branch is a sequence of expressions: one way to match.
type branch []expression

var (
	// anything takes the rest of an address, and the rest of the text where any
	// port will do. All printable ASCII is one byte range, thus one instruction
	// in RE2, which "." is not.
	anything = expression{"[!-~]+", 2, false}
	colon    = expression{":", 1, true}
	dot      = expression{"[.]", 1, true}
	opening  = expression{"[[]", 1, true}
	closing  = expression{"[]]", 1, true}
)

func (b branch) expression() expression {
	if len(b) == 1 {
		return b[0]
	}
	var text strings.Builder
	cost := 0
	for _, e := range b {
		text.WriteString(e.text)
		cost += e.cost
	}
	return expression{text.String(), cost, false}
}

// join returns a branch of its arguments in a row.
func join(parts ...[]expression) branch { return slices.Concat(parts...) }

// eitherOf returns one branch that matches what any of the branches matches,
// with common beginnings and ends written once.
func eitherOf(branches []branch) branch {
	switch len(branches) {
	case 0:
		return nil
	case 1:
		return branches[0]
	}
	branches = shareBeginnings(branches)
	if len(branches) == 1 {
		return branches[0]
	}
	for {
		shared, ok := shareEnd(branches)
		if !ok {
			break
		}
		branches = shared
	}
	if len(branches) == 1 {
		return branches[0]
	}
	return branch{alternation(branches)}
}

// shareBeginnings makes one branch of those that begin alike. The order of
// first appearance stays.
func shareBeginnings(branches []branch) []branch {
	out := make([]branch, 0, len(branches))
	taken := make([]bool, len(branches))
	for i, b := range branches {
		if taken[i] {
			continue
		}
		alike := []branch{b}
		for j := i + 1; j < len(branches); j++ {
			other := branches[j]
			if !taken[j] && len(b) > 0 && len(other) > 0 && other[0] == b[0] {
				taken[j] = true
				alike = append(alike, other)
			} else if !taken[j] && len(b) == 0 && len(other) == 0 {
				taken[j] = true
			}
		}
		if len(alike) == 1 {
			out = append(out, b)
			continue
		}
		rests := make([]branch, len(alike))
		for k, a := range alike {
			rests[k] = a[1:]
		}
		out = append(out, join(b[:1], eitherOf(rests)))
	}
	return out
}

// shareEnd makes one branch of those that share the most costly end.
func shareEnd(branches []branch) ([]branch, bool) {
	var end branch
	best := 0
	for i, b := range branches {
		for _, other := range branches[i+1:] {
			n := commonEnd(b, other)
			if n == 0 {
				continue
			}
			candidate := b[len(b)-n:]
			count := 0
			for _, c := range branches {
				if commonEnd(c, candidate) == n {
					count++
				}
			}
			if saved := (count - 1) * candidate.expression().cost; saved > best {
				best, end = saved, candidate
			}
		}
	}
	if best == 0 {
		return nil, false
	}
	out := make([]branch, 0, len(branches))
	var beginnings []branch
	at := -1
	for _, b := range branches {
		if commonEnd(b, end) < len(end) {
			out = append(out, b)
			continue
		}
		if at < 0 {
			at = len(out)
			out = append(out, nil)
		}
		beginnings = append(beginnings, b[:len(b)-len(end)])
	}
	out[at] = join(eitherOf(beginnings), end)
	return out, true
}

func commonEnd(a, b branch) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// alternation writes branches side by side. An empty branch makes the others
// optional.
func alternation(branches []branch) expression {
	var e expression
	var texts []string
	cost := 0
	for _, b := range branches {
		if len(b) > 0 {
			e = b.expression()
			texts = append(texts, e.text)
			cost += e.cost
		}
	}
	if len(texts) > 1 {
		e = expression{"(?:" + strings.Join(texts, "|") + ")", cost + len(texts) - 1, true}
	}
	if len(texts) == len(branches) {
		return e
	}
	if !e.single {
		e.text = "(?:" + e.text + ")"
	}
	return repeated(e, "?")
}

func repeated(e expression, sign string) expression {
	return expression{e.text + sign, e.cost + 1, false}
}
