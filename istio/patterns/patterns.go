package patterns

import (
	"net/netip"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
)

// Destinations are connections to any of the ports AND any of the prefixes. An
// empty list on one side means any.
type Destinations struct {
	Ports    []ports.Range
	Prefixes []netip.Prefix
}

const (
	// maxInstructions bounds the size of one pattern, counted in instructions
	// of Go's regexp/syntax. Envoy refuses RE2 programs above 100; the two
	// counts differ by a little.
	maxInstructions = 80
	// patternFrame is what a pattern costs beside its alternatives: "^", "$",
	// match and fail, less the branch that the first alternative does not need.
	patternFrame = 3
	// patternRoom is left for the alternatives of one pattern.
	patternRoom = maxInstructions - patternFrame
)

// Alternative is one branch of a pattern: some of the connections to
// Destinations, as Pack takes them.
type Alternative struct {
	text string // a regular expression without anchors
	size int    // what it adds to a pattern's instructions, at the most
}

// For covers d exactly with few alternatives, each small enough for a pattern
// of its own. Overlapping and adjacent ports and prefixes are merged first.
// Prefixes of IPv4-mapped IPv6 addresses count as IPv4, because Envoy prints
// such addresses so. Invalid prefixes and ranges that end before they begin
// match nothing.
//
// Exact means: over the texts that Envoy prints for an address and a port, an
// alternative matches if and only if both are in d. Of other texts it promises
// nothing, and the expressions use that freedom to stay small.
func For(d Destinations) []Alternative {
	prefixes, ranges := mergePrefixes(d.Prefixes), ports.Merge(d.Ports)
	if len(prefixes) == 0 && len(d.Prefixes) > 0 || len(ranges) == 0 && len(d.Ports) > 0 {
		return nil
	}
	return (&splitter{map[ports.Range]branch{}}).split(prefixes, ranges)
}

// mergePrefixes returns the fewest prefixes that cover the same addresses,
// sorted.
func mergePrefixes(prefixes []netip.Prefix) []netip.Prefix {
	sorted := make([]netip.Prefix, 0, len(prefixes))
	for _, p := range prefixes {
		if p.IsValid() {
			sorted = append(sorted, istio.CanonicalPrefix(p))
		}
	}
	slices.SortFunc(sorted, netip.Prefix.Compare)
	merged := sorted[:0]
	for _, p := range sorted {
		if n := len(merged); n > 0 && merged[n-1].Contains(p.Addr()) {
			continue
		}
		merged = append(merged, p)
		for n := len(merged); n > 1; n = len(merged) {
			parent, ok := parentOf(merged[n-2], merged[n-1])
			if !ok {
				break
			}
			merged = append(merged[:n-2], parent)
		}
	}
	return merged
}

// parentOf returns the prefix whose two halves a and b are.
func parentOf(a, b netip.Prefix) (netip.Prefix, bool) {
	if a.Bits() != b.Bits() || a.Bits() == 0 || a.Addr().Is4() != b.Addr().Is4() {
		return netip.Prefix{}, false
	}
	parent := netip.PrefixFrom(a.Addr(), a.Bits()-1).Masked()
	return parent, parent.Contains(b.Addr())
}
