package patterns

import (
	"net/netip"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
)

// splitter covers merged prefixes and ports with alternatives.
type splitter struct {
	// written holds, by the first and the last port of ranges, how they are
	// written: the same are tried beside many prefixes.
	written map[ports.Range]branch
}

// split covers merged prefixes and ports with as few alternatives
// as it finds: where one does not hold all, it tries how many lists the ranges
// had best be cut into, of which each takes one alternative at least. More
// lists than a pod has keys would help nobody.
func (s *splitter) split(prefixes []netip.Prefix, ranges []ports.Range) []Alternative {
	if one, fits := alternativeOf(addressesOf(prefixes), s.write(ranges)); fits {
		return []Alternative{one}
	}
	best := s.splitPrefixes(prefixes, ranges)
	for lists := 2; lists <= min(len(ranges), len(best)-1, istio.MaxDestinationKeys); lists++ {
		var found []Alternative
		for i := range lists {
			part := ranges[i*len(ranges)/lists : (i+1)*len(ranges)/lists]
			found = append(found, s.splitPrefixes(prefixes, part)...)
		}
		if len(Pack(found)) < len(Pack(best)) {
			best = found
		}
	}
	return best
}

// splitPrefixes covers the ports with each of the prefixes, as many at a time
// as there is room for.
func (s *splitter) splitPrefixes(prefixes []netip.Prefix, ranges []ports.Range) []Alternative {
	var out []Alternative
	written := s.write(ranges)
	for {
		addresses, n := addressesOf(prefixes[:min(1, len(prefixes))]), 1
		for ; n < len(prefixes); n++ {
			more := addressesOf(prefixes[:n+1])
			if _, fits := alternativeOf(more, written); !fits {
				break
			}
			addresses = more
		}
		out = append(out, s.splitPorts(addresses, ranges)...)
		if n >= len(prefixes) {
			return out
		}
		prefixes = prefixes[n:]
	}
}

// splitPorts covers addresses and as many of the ports at a time as fit. One
// port fits beside any one prefix.
func (s *splitter) splitPorts(addresses []branch, ranges []ports.Range) []Alternative {
	a, fits := alternativeOf(addresses, s.write(ranges))
	if fits || ports.Count(ranges) <= 1 {
		return []Alternative{a}
	}
	left, right := halves(ranges)
	return append(s.splitPorts(addresses, left), s.splitPorts(addresses, right)...)
}

// halves cuts ranges in the middle, and one where it is cheap to write: at the
// multiple of the highest power of ten.
func halves(ranges []ports.Range) (left, right []ports.Range) {
	if n := len(ranges); n > 1 {
		return ranges[:n/2], ranges[n/2:]
	}
	first, last := ranges[0].First, ranges[0].Last
	power := uint16(10000)
	for last/power*power <= first {
		power /= 10
	}
	cut := last / power * power
	return []ports.Range{{First: first, Last: cut - 1}}, []ports.Range{{First: cut, Last: last}}
}

// alternativeOf writes addresses and ports as one alternative, and reports
// whether it fits into a pattern.
func alternativeOf(addresses []branch, written branch) (Alternative, bool) {
	if len(written) > 0 {
		return alternativeFrom(join(eitherOf(addresses), written))
	}
	branches := slices.Clone(addresses)
	for i, b := range branches {
		if b[len(b)-1] != anything {
			branches[i] = join(b, branch{colon, anything})
		}
	}
	return alternativeFrom(eitherOf(branches))
}

func addressesOf(prefixes []netip.Prefix) []branch {
	if len(prefixes) == 0 {
		return []branch{{anything}}
	}
	return addressBranches(prefixes)
}

func alternativeFrom(b branch) (Alternative, bool) {
	e := b.expression()
	return Alternative{e.text, e.cost + 1}, e.cost+1 <= patternRoom
}

// write returns what writePorts does.
func (s *splitter) write(ranges []ports.Range) branch {
	if len(ranges) == 0 {
		return nil
	}
	key := ports.Range{First: ranges[0].First, Last: ranges[len(ranges)-1].Last}
	written, ok := s.written[key]
	if !ok {
		written = writePorts(ranges)
		s.written[key] = written
	}
	return written
}

// writePorts returns what follows an address.
func writePorts(ranges []ports.Range) branch {
	spans := make([]span, len(ranges))
	for i, p := range ranges {
		spans[i] = span{int(p.First), int(p.Last)}
	}
	n := portNumeral
	if ranges[len(ranges)-1].First == 65535 {
		n.max = 99999 // to say "65535 or more" takes more than to say 65535
	}
	return branch{colon, n.write(spans)}
}
