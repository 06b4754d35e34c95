package patterns

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// splitDestinations covers merged prefixes and ports with as few alternatives
// as it finds: it tries how many lists the ranges had best be cut into, and for
// each list puts as many prefixes together as there is room for.
func splitDestinations(prefixes []netip.Prefix, ranges []ports.Range) []Alternative {
	if one, ok := alternativeOf(addressesOf(prefixes), ranges); ok {
		return []Alternative{one}
	}
	var best []Alternative
	for lists := 1; lists <= max(1, len(ranges)); lists++ {
		if best != nil && lists >= len(best) {
			break // each list takes one alternative at least
		}
		var found []Alternative
		fits := true
		for i := range lists {
			part := ranges[i*len(ranges)/lists : (i+1)*len(ranges)/lists]
			alternatives, ok := splitPrefixes(prefixes, part)
			if fits = ok; !ok {
				break
			}
			found = append(found, alternatives...)
		}
		if fits && (best == nil || better(found, best)) {
			best = found
		}
	}
	if best != nil {
		return best
	}
	return splitFinely(prefixes, ranges)
}

// better says whether a packs into fewer patterns than b, or into as many with
// more room left.
func better(a, b []Alternative) bool {
	return cmp.Or(len(Pack(a))-len(Pack(b)), totalSize(a)-totalSize(b)) < 0
}

func totalSize(alternatives []Alternative) int {
	size := 0
	for _, a := range alternatives {
		size += a.Size
	}
	return size
}

// splitPrefixes covers the ports with each of the prefixes; false if a prefix
// and the ports do not fit into one alternative.
func splitPrefixes(prefixes []netip.Prefix, ranges []ports.Range) ([]Alternative, bool) {
	var out []Alternative
	for first := 0; ; {
		last, next := first, Alternative{}
		for end := first + 1; end <= len(prefixes); end++ {
			a, ok := alternativeOf(addressesOf(prefixes[first:end]), ranges)
			if !ok {
				break
			}
			last, next = end, a
		}
		if last == first {
			return nil, false
		}
		out = append(out, next)
		if first = last; first == len(prefixes) {
			return out, true
		}
	}
}

// splitFinely covers destinations of which some prefix does not fit beside
// some port range: parts of the range have less to say, and so have single
// ways to write the prefix.
func splitFinely(prefixes []netip.Prefix, ranges []ports.Range) []Alternative {
	ways := [][]branch{addressesOf(nil)}
	if len(prefixes) > 0 {
		ways = ways[:0]
		for i := range prefixes {
			ways = append(ways, addressesOf(prefixes[i:i+1]))
		}
	}
	var out []Alternative
	for _, branches := range ways {
		out = append(out, splitPorts(branches, ranges)...)
	}
	return out
}

// splitPorts covers one prefix with as many ranges at a time as fit.
func splitPorts(addresses []branch, ranges []ports.Range) []Alternative {
	var out []Alternative
	queue := slices.Clone(ranges)
	for len(queue) > 0 {
		n := len(queue)
		a, ok := alternativeOf(addresses, queue)
		for !ok && n > 1 {
			n--
			a, ok = alternativeOf(addresses, queue[:n])
		}
		switch {
		case ok:
			out, queue = append(out, a), queue[n:]
		case queue[0].First < queue[0].Last:
			left, right := halves(queue[0])
			queue = append([]ports.Range{left, right}, queue[1:]...)
		default:
			for i := range addresses {
				a, _ := alternativeOf(addresses[i:i+1], queue[:1])
				out = append(out, a)
			}
			queue = queue[1:]
		}
	}
	return out
}

// halves cuts a range where it is cheap to write: at the multiple of the
// highest power of ten.
func halves(r ports.Range) (ports.Range, ports.Range) {
	for power := 10000; power > 0; power /= 10 {
		if cut := int(r.Last) / power * power; cut > int(r.First) {
			return ports.Range{First: r.First, Last: uint16(cut - 1)}, ports.Range{First: uint16(cut), Last: r.Last}
		}
	}
	return r, r
}

// alternativeOf writes addresses and ports as one alternative, and says whether
// it fits into a pattern.
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
