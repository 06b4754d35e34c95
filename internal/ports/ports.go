// Package ports is for lists of TCP ports that are written as ranges: Merge
// makes the fewest ranges of them, Count and All give the ports in merged ones.
package ports

import (
	"cmp"
	"iter"
	"slices"
)

// Range is a closed range of ports.
type Range struct{ First, Last uint16 }

// Merge returns the fewest ranges with the same ports, ascending. A range that
// ends before it begins has none.
func Merge(ranges []Range) []Range {
	sorted := slices.DeleteFunc(slices.Clone(ranges), func(r Range) bool { return r.First > r.Last })
	slices.SortFunc(sorted, func(a, b Range) int { return cmp.Compare(a.First, b.First) })
	merged := sorted[:0]
	for _, r := range sorted {
		if n := len(merged); n > 0 && int(r.First) <= int(merged[n-1].Last)+1 {
			merged[n-1].Last = max(merged[n-1].Last, r.Last)
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}

// Count returns how many ports merged ranges have.
func Count(merged []Range) int {
	n := 0
	for _, r := range merged {
		n += int(r.Last) - int(r.First) + 1
	}
	return n
}

// All yields each port of merged ranges, ascending.
func All(merged []Range) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for _, r := range merged {
			for p := int(r.First); p <= int(r.Last); p++ {
				if !yield(uint16(p)) {
					return
				}
			}
		}
	}
}
