package texts

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/rules/evidence/settings"
)

// structured reads a text that is JSON or YAML: {"host":"db","port":5432}. What its parts
// show by themselves, other forms find.
func (r *Reader) structured(value string) {
	start := value
	for start != "" && start[0] <= ' ' {
		start = start[1:]
	}
	if !strings.HasPrefix(start, "{\"") && !strings.HasPrefix(start, "[{\"") && (strings.IndexByte(value, '\n') < 0 || !strings.Contains(value, ": ")) {
		return
	}
	kept := len(r.pairs)
	settings.Read("", value, func(name, value string) bool {
		r.keep(name, value)
		return len(r.pairs)-kept < MaxSearches
	})
	r.joinFrom(kept)
}
