package reviews

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// PrintChanges shows the annotations that differ, a line each, values of
// several lines below their key.
func PrintChanges(w io.Writer, before, after map[string]string) {
	keys := map[string]bool{}
	for _, annotations := range []map[string]string{before, after} {
		for key := range annotations {
			keys[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		old, had := before[key]
		value, has := after[key]
		switch {
		case had && has && old == value:
		case !has:
			fmt.Fprintf(w, "  - %s\n", key)
		case had:
			fmt.Fprintf(w, "  ~ %s\n", text(key, value))
		default:
			fmt.Fprintf(w, "  + %s\n", text(key, value))
		}
	}
}

// text shows an annotation, a value of several lines below its key.
func text(key, value string) string {
	value = strings.TrimRight(value, "\n")
	if strings.Contains(value, "\n") {
		return key + ": |\n      " + strings.ReplaceAll(value, "\n", "\n      ")
	}
	return key + ": " + value
}
