package merge

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
)

// want is what rules ask for together, before the pod's own annotations have
// their say.
type want struct {
	rules   []*Rule // in file order
	targets Targets
	builtIn Targets // wanted too, and there without an annotation
	// leftOut are rules whose patterns did not fit beside those before them.
	leftOut map[*Rule]bool

	ports           []uint16       // ascending
	prefixes        []netip.Prefix // sorted
	idleTimeout     time.Duration  // 0: none at all
	patterns        []string
	destinationIdle time.Duration // 0: none at all
	keepalive       istio.Keepalive
	drain           time.Duration
	drainJitter     int    // percent
	drainDrawn      string // this pod's own, as it is written; empty: drain itself
}

// unite unites what rules ask for: lists unite; the longest timeout and drain
// win, no timeout being the longest; the most eager keepalive wins. Only where
// patterns do not fit does the order of the rules matter. builtIn is Pod.BuiltIn.
func unite(list []*Rule, builtIn Targets) *want {
	w := &want{rules: list}
	for _, c := range list {
		if c.Targets&IdleTimeout != 0 {
			w.idleTimeout = longest(w.idleTimeout, *c.Strategy.IdleTimeout, w.targets&IdleTimeout == 0)
		}
		if c.Targets&Keepalive != 0 && (w.targets&Keepalive == 0 || moreEager(*c.Strategy.Keepalive, w.keepalive)) {
			w.keepalive = *c.Strategy.Keepalive
		}
		if c.Targets&Drain != 0 {
			w.uniteDrain(&c.Strategy)
		}
		w.ports = append(w.ports, c.ports...)
		w.prefixes = append(w.prefixes, c.prefixes...)
		w.targets |= c.Targets
	}
	w.builtIn = w.targets & builtIn
	w.targets &^= builtIn
	slices.Sort(w.ports)
	w.ports = slices.Compact(w.ports)
	slices.SortFunc(w.prefixes, netip.Prefix.Compare)
	w.prefixes = slices.Compact(w.prefixes)
	if w.targets&Destinations != 0 {
		w.packDestinations()
	}
	return w
}

// packDestinations packs the patterns of all rules, of those that fit.
func (w *want) packDestinations() {
	var alternatives []patterns.Alternative
	for _, c := range w.rules {
		alternatives = append(alternatives, c.alternatives...)
	}
	w.patterns = patterns.Pack(alternatives)
	if len(w.patterns) > istio.MaxDestinationKeys {
		w.leaveOut()
	}
	w.targets &^= Destinations
	for _, c := range w.rules {
		if c.Targets&Destinations != 0 && !w.leftOut[c] {
			w.destinationIdle = longest(w.destinationIdle, *c.Strategy.IdleTimeout, w.targets&Destinations == 0)
			w.targets |= Destinations
		}
	}
}

// leaveOut leaves out each rule that does not fit beside the rules before it,
// because together they need more keys than the mesh object reads. A rule is
// left out as a whole: half a rule would be worse than none, because nobody
// could tell which connections it covers.
func (w *want) leaveOut() {
	var alternatives []patterns.Alternative
	w.patterns, w.leftOut = nil, map[*Rule]bool{}
	for _, c := range w.rules {
		if c.Targets&Destinations == 0 {
			continue
		}
		more := append(alternatives[:len(alternatives):len(alternatives)], c.alternatives...)
		if packed := patterns.Pack(more); len(packed) <= istio.MaxDestinationKeys {
			alternatives, w.patterns = more, packed
		} else {
			w.leftOut[c] = true
		}
	}
}

// longest is the longer of two timeouts, of which 0 is none at all and so the
// longest. The first one always wins against nothing.
func longest(a, b time.Duration, first bool) time.Duration {
	if first || a != 0 && (b == 0 || b > a) {
		return b
	}
	return a
}

// moreEager compares by time, then interval, then probes.
func moreEager(a, b istio.Keepalive) bool {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Interval, b.Interval), cmp.Compare(a.Probes, b.Probes)) < 0
}

// builtInNotes say why nothing is written for some of what is wanted.
func (w *want) builtInNotes() (notes []string) {
	if w.builtIn&StartsFirst != 0 {
		notes = append(notes, "the sidecar starts first without an annotation")
	}
	if w.builtIn&StopsLast != 0 {
		notes = append(notes, "the sidecar stops last without an annotation")
	}
	return notes
}
