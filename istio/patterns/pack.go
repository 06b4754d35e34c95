package patterns

import (
	"cmp"
	"slices"
	"strings"
)

// Pack joins alternatives into few anchored patterns, none of which Envoy
// refuses for its size. Duplicates are dropped. The result depends only on the
// alternatives, not on their order.
//
// Each alternative, the largest first, goes into the first pattern with room
// for it.
func Pack(alternatives []Alternative) []string {
	sorted := slices.Clone(alternatives)
	slices.SortFunc(sorted, func(a, b Alternative) int {
		return cmp.Or(b.size-a.size, strings.Compare(a.text, b.text))
	})
	var patterns []string
	var sizes []int
	for _, a := range slices.Compact(sorted) {
		i := slices.IndexFunc(sizes, func(size int) bool { return size+a.size <= patternRoom })
		if i < 0 {
			patterns, sizes = append(patterns, "^(?:"+a.text), append(sizes, a.size)
			continue
		}
		patterns[i] += "|" + a.text
		sizes[i] += a.size
	}
	for i := range patterns {
		patterns[i] += ")$"
	}
	return patterns
}
