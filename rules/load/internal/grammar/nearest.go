package grammar

import (
	"strings"
)

// WriteNearest is ": write ..." with the word that s most likely is meant to
// be, or nothing.
func WriteNearest(s string, words []string) string {
	if near := Nearest(s, words); near != "" {
		return ": write " + near
	}
	return ""
}

// Nearest returns the word that s most likely is meant to be, or nothing.
func Nearest(s string, words []string) string {
	plain := PlainKey(s)
	if len(plain) > 40 {
		return ""
	}
	best, distance := "", 3
	for _, w := range words {
		other := PlainKey(w)
		if other == plain || other == plain+"s" || other+"s" == plain {
			return w
		}
		// Half the letters wrong is another word.
		if d := editDistance(plain, other); d < distance && 2*d < len(other) {
			best, distance = w, d
		}
	}
	return best
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

// PlainKey drops what separates idle_timeout, idle-timeout and idleTimeout. No
// word that is meant is long.
func PlainKey(s string) string {
	return separators.Replace(strings.ToLower(s[:min(len(s), 200)]))
}

// editDistance counts inserted, deleted, replaced and swapped bytes.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
