package decide

import (
	"net/netip"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
)

// wanted is what the matching rules ask for together, before the pod's own
// annotations have their say.
type wanted struct {
	rules   []int32 // in file order
	targets targets
	// leftOut are rules whose patterns did not fit beside those before them.
	leftOut []int32

	ports           []uint16       // ascending
	prefixes        []netip.Prefix // sorted
	idleTimeout     time.Duration  // 0: none at all
	patterns        []string
	destinationIdle time.Duration // 0: none at all
	keepalive       istio.Keepalive
	drain           time.Duration
}

// want merges rules: lists unite; the longest timeout and drain win, no timeout
// being the longest; the most eager keepalive wins. Only where patterns do not
// fit does the order of the rules matter.
func (s *Set) want(matched []int32) wanted {
	w := wanted{rules: matched}
	shared := targets(0) // targets of two rules or more
	for _, i := range matched {
		c := &s.rules[i]
		shared |= w.targets & c.targets
		if c.targets&targetIdleTimeout != 0 {
			w.idleTimeout = longest(w.idleTimeout, *c.Strategy.IdleTimeout, w.targets&targetIdleTimeout == 0)
		}
		if c.targets&targetKeepalive != 0 && (w.targets&targetKeepalive == 0 || moreEager(*c.Strategy.Keepalive, w.keepalive)) {
			w.keepalive = *c.Strategy.Keepalive
		}
		if c.targets&targetDrain != 0 {
			w.drain = max(w.drain, *c.Strategy.DrainDuration)
		}
		// A list of one rule is taken as it is.
		if c.targets&targetPorts != 0 {
			w.ports = append(w.ports[:len(w.ports):len(w.ports)], c.ports...)
		}
		if c.targets&targetPrefixes != 0 {
			w.prefixes = append(w.prefixes[:len(w.prefixes):len(w.prefixes)], c.prefixes...)
		}
		w.targets |= c.targets
	}
	if shared&targetPorts != 0 {
		slices.Sort(w.ports)
		w.ports = slices.Compact(w.ports)
	}
	if shared&targetPrefixes != 0 {
		slices.SortFunc(w.prefixes, comparePrefixes)
		w.prefixes = slices.Compact(w.prefixes)
	}
	if w.targets&targetDestinations != 0 {
		s.wantDestinations(&w, shared&targetDestinations == 0)
	}
	return w
}

// wantDestinations packs the patterns of all rules. Where they need more keys
// than the mesh object reads, a rule that does not fit beside the rules before
// it is left out as a whole: half a rule would be worse than none, because
// nobody could tell which connections it covers.
func (s *Set) wantDestinations(w *wanted, alone bool) {
	var alternatives []patterns.Alternative
	first := true
	w.targets &^= targetDestinations
	take := func(c *compiled) {
		w.destinationIdle = longest(w.destinationIdle, *c.Strategy.IdleTimeout, first)
		first = false
		w.targets |= targetDestinations
	}
	if !alone {
		for _, i := range w.rules {
			if c := &s.rules[i]; c.targets&targetDestinations != 0 {
				alternatives = append(alternatives, c.alternatives...)
			}
		}
		w.patterns = patterns.Pack(alternatives)
	}
	tooMany := len(w.patterns) > istio.MaxDestinationKeys
	if tooMany {
		alternatives, w.patterns = nil, nil
	}
	for _, i := range w.rules {
		c := &s.rules[i]
		switch {
		case c.targets&targetDestinations == 0:
		case alone && len(c.patterns) <= istio.MaxDestinationKeys:
			w.patterns = c.patterns
			take(c)
		case !alone && !tooMany:
			take(c)
		default:
			more := append(alternatives[:len(alternatives):len(alternatives)], c.alternatives...)
			if patterns := patterns.Pack(more); len(patterns) <= istio.MaxDestinationKeys {
				alternatives, w.patterns = more, patterns
				take(c)
			} else {
				w.leftOut = append(w.leftOut, i)
			}
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
	switch {
	case a.Time != b.Time:
		return a.Time < b.Time
	case a.Interval != b.Interval:
		return a.Interval < b.Interval
	}
	return a.Probes < b.Probes
}
