package patterns

import (
	"cmp"
	"slices"
	"strings"
)

// Pack joins alternatives into as few anchored patterns as possible,
// each within MaxInstructions. Duplicates are dropped. The result
// depends only on the alternatives, not on their order.
func Pack(alternatives []Alternative) []string {
	if len(alternatives) == 0 {
		return nil
	}
	sorted := slices.Clone(alternatives)
	slices.SortFunc(sorted, func(a, b Alternative) int {
		return cmp.Or(b.Size-a.Size, strings.Compare(a.Text, b.Text))
	})
	sorted = slices.Compact(sorted)
	bins, count := firstFit(sorted)
	if count > (totalSize(sorted)+patternRoom-1)/patternRoom {
		bins, count = search(sorted, bins, count)
	}
	patterns := make([]string, 0, count)
	var text strings.Builder
	for bin := range count {
		text.Reset()
		text.WriteString("^(?:")
		start := text.Len()
		for i, a := range sorted {
			if bins[i] != bin {
				continue
			}
			if text.Len() > start {
				text.WriteByte('|')
			}
			text.WriteString(a.Text)
		}
		text.WriteString(")$")
		patterns = append(patterns, text.String())
	}
	return patterns
}

// firstFit puts each alternative, the largest first, into the first pattern
// with room for it. It returns the pattern of each and how many there are.
func firstFit(sorted []Alternative) (bins []int, count int) {
	bins = make([]int, len(sorted))
	used := make([]int, 0, len(sorted))
	for i, a := range sorted {
		bin := slices.IndexFunc(used, func(u int) bool { return u+a.Size <= patternRoom })
		if bin < 0 {
			bin = len(used)
			used = append(used, 0)
		}
		used[bin] += a.Size
		bins[i] = bin
	}
	return bins, len(used)
}

// searchSteps bounds what a search may cost: it runs while a pod waits.
const searchSteps = 400

// search looks for fewer patterns than first fit found, within searchSteps.
func search(sorted []Alternative, bins []int, count int) ([]int, int) {
	least := (totalSize(sorted) + patternRoom - 1) / patternRoom
	used := make([]int, count)
	trial := make([]int, len(sorted))
	steps := 0
	var place func(i, limit, open int) bool
	place = func(i, limit, open int) bool {
		if i == len(sorted) {
			return true
		}
		size := sorted[i].Size
		for bin := 0; bin < min(open+1, limit); bin++ {
			if steps++; steps > searchSteps {
				return false
			}
			if used[bin]+size > patternRoom || slices.Contains(used[:bin], used[bin]) {
				continue // patterns with equal room are alike
			}
			used[bin] += size
			trial[i] = bin
			if place(i+1, limit, max(open, bin+1)) {
				return true
			}
			used[bin] -= size
		}
		return false
	}
	for count > least {
		clear(used)
		if !place(0, count-1, 0) {
			break
		}
		bins = slices.Clone(trial)
		count = slices.Max(bins) + 1
	}
	return bins, count
}
