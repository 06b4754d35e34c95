package patterns

import (
	"net/netip"
	"slices"
)

// network is a set of addresses by their leading unit: an octet of IPv4, a
// 16-bit group of IPv6.
type network struct {
	edges []edge // none in everything
}

// edge leads from the units in its spans to what may follow them.
type edge struct {
	spans []span
	next  *network
}

// everything is the network of all addresses.
var everything = &network{}

func (n *network) equal(other *network) bool {
	return slices.EqualFunc(n.edges, other.edges, func(a, b edge) bool {
		return slices.Equal(a.spans, b.spans) && a.next.equal(b.next)
	})
}

// zero returns what follows a unit that is zero, nil if none may.
func (n *network) zero() *network {
	if n == everything {
		return n
	}
	for _, e := range n.edges {
		if e.spans[0].first == 0 {
			return e.next
		}
	}
	return nil
}

// networkOf builds the network of merged prefixes of one family. The unit has
// the given bits; depth says how many units the prefixes share.
func networkOf(prefixes []netip.Prefix, unitBits, depth int) *network {
	if len(prefixes) == 0 {
		return nil
	}
	known := unitBits * depth
	if prefixes[0].Bits() <= known {
		return everything
	}
	n := &network{}
	for i := 0; i < len(prefixes); {
		s := unitSpan(prefixes[i], unitBits, depth)
		j := i + 1
		for j < len(prefixes) && unitSpan(prefixes[j], unitBits, depth) == s {
			j++
		}
		next := networkOf(prefixes[i:j], unitBits, depth+1)
		n.add(s, next)
		i = j
	}
	return n
}

func (n *network) add(s span, next *network) {
	for i := range n.edges {
		e := &n.edges[i]
		if !e.next.equal(next) {
			continue
		}
		if last := &e.spans[len(e.spans)-1]; last.last+1 == s.first {
			last.last = s.last
		} else {
			e.spans = append(e.spans, s)
		}
		return
	}
	n.edges = append(n.edges, edge{[]span{s}, next})
}

// unitSpan returns the values that a prefix allows in one unit.
func unitSpan(p netip.Prefix, unitBits, depth int) span {
	var value int
	if unitBits == 8 {
		a := p.Addr().As4()
		value = int(a[depth])
	} else {
		a := p.Addr().As16()
		value = int(a[2*depth])<<8 | int(a[2*depth+1])
	}
	free := max(0, unitBits*(depth+1)-p.Bits())
	return span{value, value | (1<<free - 1)}
}

// addressBranches returns a branch per way to write an address in the merged
// prefixes. A branch that ends with anything takes the rest of the text, as
// far as a port behind it does not ask for its end.
func addressBranches(prefixes []netip.Prefix) []branch {
	split := slices.IndexFunc(prefixes, func(p netip.Prefix) bool { return !p.Addr().Is4() })
	if split < 0 {
		split = len(prefixes)
	}
	branches := octetBranches(networkOf(prefixes[:split], 8, 0), 0)
	local, global := partition(prefixes[split:], netip.MustParsePrefix("fe80::/10"))
	for _, b := range (groupWriter{closing}).branches(networkOf(global, 16, 0), 0, 0) {
		branches = append(branches, join(branch{opening}, b))
	}
	for _, b := range (groupWriter{interfaceEnd}).branches(networkOf(local, 16, 0), 0, 0) {
		branches = append(branches, join(branch{opening}, b))
	}
	return branches
}

// partition separates the prefixes that begin inside p from the others.
func partition(prefixes []netip.Prefix, p netip.Prefix) (in, out []netip.Prefix) {
	for _, q := range prefixes {
		if p.Contains(q.Addr()) {
			in = append(in, q)
		} else {
			out = append(out, q)
		}
	}
	return in, out
}

// octetBranches writes IPv4 addresses from the octet at depth on.
func octetBranches(n *network, depth int) []branch {
	if n == nil {
		return nil
	}
	if n == everything {
		if depth == 0 {
			return []branch{{expression{"[0-9.]+", 2, false}}}
		}
		return []branch{{anything}}
	}
	branches := make([]branch, 0, len(n.edges))
	for _, e := range n.edges {
		octet := branch{octetNumeral.write(e.spans)}
		if depth < 3 {
			octet = join(octet, branch{dot}, eitherOf(octetBranches(e.next, depth+1)))
		}
		branches = append(branches, octet)
	}
	return branches
}
