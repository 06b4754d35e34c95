package patterns

import (
	"cmp"
	"net/netip"
	"slices"
)

// splitDestinations covers merged prefixes and ports with as few alternatives
// as it finds: it tries how many lists the ports had best be cut into, and for
// each list puts as many prefixes together as there is room for.
func splitDestinations(prefixes []netip.Prefix, ports []PortRange) []Alternative {
	if one, ok := alternativeOf(addressesOf(prefixes), ports); ok {
		return []Alternative{one}
	}
	var best []Alternative
	for lists := 1; lists <= max(1, len(ports)); lists++ {
		if best != nil && lists >= len(best) {
			break // each list takes one alternative at least
		}
		var found []Alternative
		fits := true
		for i := range lists {
			part := ports[i*len(ports)/lists : (i+1)*len(ports)/lists]
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
	return splitFinely(prefixes, ports)
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
func splitPrefixes(prefixes []netip.Prefix, ports []PortRange) ([]Alternative, bool) {
	var out []Alternative
	for first := 0; ; {
		last, next := first, Alternative{}
		for end := first + 1; end <= len(prefixes); end++ {
			a, ok := alternativeOf(addressesOf(prefixes[first:end]), ports)
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
func splitFinely(prefixes []netip.Prefix, ports []PortRange) []Alternative {
	ways := [][]branch{addressesOf(nil)}
	if len(prefixes) > 0 {
		ways = ways[:0]
		for i := range prefixes {
			ways = append(ways, addressesOf(prefixes[i:i+1]))
		}
	}
	var out []Alternative
	for _, branches := range ways {
		out = append(out, splitPorts(branches, ports)...)
	}
	return out
}

// splitPorts covers one prefix with as many ranges at a time as fit.
func splitPorts(addresses []branch, ports []PortRange) []Alternative {
	var out []Alternative
	queue := slices.Clone(ports)
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
			queue = append([]PortRange{left, right}, queue[1:]...)
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
func halves(r PortRange) (PortRange, PortRange) {
	for power := 10000; power > 0; power /= 10 {
		if cut := int(r.Last) / power * power; cut > int(r.First) {
			return PortRange{r.First, uint16(cut - 1)}, PortRange{uint16(cut), r.Last}
		}
	}
	return r, r
}

// alternativeOf writes addresses and ports as one alternative, and says whether
// it fits into a pattern.
func alternativeOf(addresses []branch, ports []PortRange) (Alternative, bool) {
	if len(ports) > 0 {
		return alternativeFrom(join(eitherOf(addresses), branch{colon, writePorts(ports)}))
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

func writePorts(ports []PortRange) expression {
	spans := make([]span, len(ports))
	for i, p := range ports {
		spans[i] = span{int(p.First), int(p.Last)}
	}
	return portNumeral.write(spans)
}
