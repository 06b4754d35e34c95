package patterns

import (
	"net/netip"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
)

// splitDestinations covers merged prefixes and ports with as few alternatives
// as it finds: where one does not hold all, it tries how many lists the ranges
// had best be cut into, of which each takes one alternative at least. More
// lists than a pod has keys would help nobody.
func splitDestinations(prefixes []netip.Prefix, ranges []ports.Range) []Alternative {
	if one, fits := alternativeOf(addressesOf(prefixes), ranges); fits {
		return []Alternative{one}
	}
	best := splitPrefixes(prefixes, ranges)
	for lists := 2; lists <= min(len(ranges), len(best)-1, istio.MaxDestinationKeys); lists++ {
		var found []Alternative
		for i := range lists {
			part := ranges[i*len(ranges)/lists : (i+1)*len(ranges)/lists]
			found = append(found, splitPrefixes(prefixes, part)...)
		}
		if len(Pack(found)) < len(Pack(best)) {
			best = found
		}
	}
	return best
}

// splitPrefixes covers the ports with each of the prefixes, as many at a time
// as there is room for.
func splitPrefixes(prefixes []netip.Prefix, ranges []ports.Range) []Alternative {
	var out []Alternative
	for {
		addresses, n := addressesOf(prefixes[:min(1, len(prefixes))]), 1
		for ; n < len(prefixes); n++ {
			more := addressesOf(prefixes[:n+1])
			if _, fits := alternativeOf(more, ranges); !fits {
				break
			}
			addresses = more
		}
		out = append(out, splitPorts(addresses, ranges)...)
		if n >= len(prefixes) {
			return out
		}
		prefixes = prefixes[n:]
	}
}

// splitPorts covers addresses and as many of the ports at a time as fit. One
// port fits beside any one prefix.
func splitPorts(addresses []branch, ranges []ports.Range) []Alternative {
	a, fits := alternativeOf(addresses, ranges)
	if fits || ports.Count(ranges) <= 1 {
		return []Alternative{a}
	}
	left, right := halves(ranges)
	return append(splitPorts(addresses, left), splitPorts(addresses, right)...)
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
func alternativeOf(addresses []branch, ranges []ports.Range) (Alternative, bool) {
	if len(ranges) > 0 {
		return alternativeFrom(join(eitherOf(addresses), branch{colon, writePorts(ranges)}))
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

func writePorts(ranges []ports.Range) expression {
	spans := make([]span, len(ranges))
	for i, p := range ranges {
		spans[i] = span{int(p.First), int(p.Last)}
	}
	return portNumeral.write(spans)
}
