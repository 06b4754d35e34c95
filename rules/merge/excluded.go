package merge

import (
	"net/netip"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// excluded is an annotation that lists what goes past the sidecar.
type excluded[T any] struct {
	index     int // of annotations.Values
	target    Targets
	leftAlone rules.WarningCode
	parse     func(string) ([]T, error)
	unite     func(base, add []T) (union []T, grew bool)
	format    func([]T) string
}

var (
	excludedPorts  = excluded[uint16]{annotations.ExcludedPorts, Ports, rules.WarnPortsLeftAlone, istio.ParsePorts, istio.UnionPorts, istio.FormatPorts}
	excludedRanges = excluded[netip.Prefix]{annotations.ExcludedRanges, Prefixes, rules.WarnPrefixesLeftAlone, istio.ParsePrefixes, istio.UnionPrefixes, istio.FormatPrefixes}
)

// merge adds what is wanted to the author's own list, or to the mesh's where there is
// none. A list that has it all stays as it is written, and so does one that Istio
// rejects.
func (e *excluded[T]) merge(own annotations.Value, targets Targets, wanted, mesh []T) written {
	r := written{Value: own}
	if targets&e.target == 0 {
		return r
	}
	base, items := mesh, []T(nil)
	if own.Present {
		var err error
		if items, err = e.parse(own.Text); err != nil {
			_, name, _ := strings.Cut(annotations.Key(e.index), "/")
			r.blocked, r.rejected = e.target, true
			r.warn(e.leftAlone, "Istio will deny this pod, "+name+": ", err.Error(), "")
			return r
		}
		base = items
	}
	union, grew := e.unite(base, wanted)
	if !grew {
		return r
	}
	text := e.format(union)
	r.Value = annotations.Value{Text: text, Present: true}
	r.remember = func(to *annotations.Record) {
		items, _ = e.unite(items, nil)
		to.WroteList(e.index, own, e.format(items), text)
	}
	return r
}
