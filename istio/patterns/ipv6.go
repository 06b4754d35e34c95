package patterns

const groups = 8 // of an IPv6 address

var (
	groupDigits = repeated(groupNumeral.digit(), "+")
	groupMaybe  = repeated(groupNumeral.digit(), "*")
)

// groupWriter writes IPv6 addresses; end is what stands behind the last group.
type groupWriter struct{ end expression }

// interfaceEnd takes the number of the interface that Envoy prints behind a
// link-local address: "[fe80::1%2]:6379".
// https://github.com/envoyproxy/envoy/blob/main/source/common/network/address_impl.cc
var interfaceEnd = branch{alternation([]branch{{{"%", 1, true}, portNumeral.write([]span{{0, 65535}})}, nil}), closing}.expression()

// branches writes IPv6 addresses from the group at depth on, where every
// group before stands in the text, and zeros of them, the last ones, as "0".
//
// In canonical text the longest run of at least two zero groups, the first of
// several, is written "::" (https://www.rfc-editor.org/rfc/rfc5952#section-4.2).
// So a prefix shows in as many shapes as there are places where such a run may
// begin, and branches that would need a text against this rule are left out.
func (w groupWriter) branches(n *network, depth, zeros int) []branch {
	if n == nil {
		return nil
	}
	if n == everything {
		if depth == groups {
			return []branch{{w.end}}
		}
		return []branch{{anything}}
	}
	var branches []branch
	for _, e := range n.edges {
		written := 0
		if onlyZero(e.spans) {
			written = zeros + 1
			// Several zero groups are written out only where a longer run
			// follows, behind a group that is not zero.
			if written > 1 && !e.next.mayRun(depth+1, written+1) {
				continue
			}
		}
		rest := eitherOf(w.branches(e.next, depth+1, written))
		if rest == nil {
			continue
		}
		group := branch{groupNumeral.write(e.spans)}
		if depth+1 < groups {
			group = append(group, colon)
		}
		branches = append(branches, join(group, rest))
	}
	if zeros > 0 {
		return branches // the run would have begun earlier
	}
	run := branch{colon}
	if depth == 0 {
		run = branch{colon, colon}
	}
	for _, b := range w.afterRun(n, depth) {
		branches = append(branches, join(run, b))
	}
	return branches
}

// mayRun reports whether, behind a group that is not zero, so many zero groups may
// follow each other in n, which begins at depth. Where n begins with zero
// groups it says yes: what is behind them will be asked.
func (n *network) mayRun(depth, length int) bool {
	if n == everything {
		return groups-depth > length
	}
	for _, e := range n.edges {
		if onlyZero(e.spans) || e.next.runs(depth+1, length, 0) {
			return true
		}
	}
	return false
}

// runs reports whether n, which begins at depth behind some zero groups, can have
// a run of zero groups of the length.
func (n *network) runs(depth, length, zeros int) bool {
	if zeros >= length {
		return true
	}
	if n == everything {
		return groups-depth+zeros >= length
	}
	for _, e := range n.edges {
		if e.spans[0].first == 0 && e.next.runs(depth+1, length, zeros+1) {
			return true
		}
		if !onlyZero(e.spans) && e.next.runs(depth+1, length, 0) {
			return true
		}
	}
	return false
}

func onlyZero(spans []span) bool { return len(spans) == 1 && spans[0] == span{} }

// afterRun writes what follows "::", where depth groups stand before it and n
// is what may follow them. How many groups follow says how long the run is.
func (w groupWriter) afterRun(n *network, depth int) []branch {
	most := groups - depth - 2 // may follow the shortest run
	rest := n.zero()
	if rest == nil {
		return nil
	}
	var partly []*network // by the number of groups that follow, from most down
	free := -1            // so many groups and fewer may follow, whatever they are
	for following := most; following >= 0; following-- {
		if rest = rest.zero(); rest == nil {
			break
		}
		if rest == everything {
			free = following
			break
		}
		partly = append(partly, rest)
	}
	var branches []branch
	switch {
	case free < 0:
	case free == most:
		return []branch{{anything}}
	default:
		branches = append(branches, w.atMost(free))
	}
	for i, rest := range partly {
		following := most - i
		end := exactly
		if following == most {
			end = atLeast // more groups cannot follow
			if free == following-1 {
				end = anyNumber // and fewer may
			}
		}
		branches = append(branches, w.following(rest, following, true, 0, groups-depth-following, end)...)
	}
	return branches
}

// atMost writes up to n groups and the end of the address.
func (w groupWriter) atMost(n int) branch {
	var b branch
	for i := range n {
		if i > 0 {
			b = append(b, repeated(colon, "?"))
		}
		b = append(b, groupMaybe)
	}
	return append(b, w.end)
}

// Ends of an address behind groups that are all given.
const (
	exactly   = iota // as many groups as remain
	atLeast          // more would be no address
	anyNumber        // fewer are wanted too
)

// following writes the remaining groups, behind a run of the given
// length, and the end of the address. The last zeros groups were "0".
func (w groupWriter) following(n *network, remaining int, first bool, zeros, run, end int) []branch {
	if remaining == 0 {
		return []branch{{w.end}}
	}
	if n == everything {
		return []branch{w.anyGroups(remaining, end)}
	}
	var branches []branch
	for _, e := range n.edges {
		written := 0
		if onlyZero(e.spans) {
			written = zeros + 1
			// A zero group right behind the run would be part of it, and a
			// longer run would be the one that is left out.
			if first || written > run {
				continue
			}
		}
		rest := eitherOf(w.following(e.next, remaining-1, false, written, run, end))
		if rest == nil {
			continue
		}
		group := branch{groupNumeral.write(e.spans)}
		if remaining > 1 {
			group = append(group, colon)
		}
		branches = append(branches, join(group, rest))
	}
	return branches
}

// anyGroups writes n groups of any value and the end of the address.
func (w groupWriter) anyGroups(n, end int) branch {
	var b branch
	if end == anyNumber {
		return branch{anything}
	}
	for range n - 1 {
		b = append(b, groupDigits, colon)
	}
	if end == atLeast {
		return append(b, anything)
	}
	return append(b, groupDigits, w.end)
}
