// Package distinct lists items once: Of.
package distinct

import "slices"

// smallList is the length up to which a scan finds an item faster than a set.
const smallList = 32

// Of returns the items of all lists in the order given, the first of equal
// ones only. It takes linear time: lists come from outside.
func Of[T comparable](lists ...[]T) []T {
	total := 0
	for _, list := range lists {
		total += len(list)
	}
	items := slices.Grow([]T(nil), total)
	var seen map[T]struct{}
	if total > smallList {
		seen = make(map[T]struct{}, total)
	}
	for _, list := range lists {
		for _, item := range list {
			if seen == nil {
				if slices.Contains(items, item) {
					continue
				}
			} else {
				if _, known := seen[item]; known {
					continue
				}
				seen[item] = struct{}{}
			}
			items = append(items, item)
		}
	}
	return items
}
