package load

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
)

// longDrain is where keeping old listeners starts to cost noticeable memory.
const longDrain = 24 * time.Hour

// strategyValues are the values of a strategy, as far as given.
type strategyValues struct {
	value
	idleTimeout, scope, keepalive, drainDuration, bypass value
}

func (l *loader) strategy(v value, s *rules.Strategy, values *strategyValues) {
	values.value = v
	before := l.errors // a mistyped key is not also a missing one
	if !l.object(v, strategyKeys,
		field{"idleTimeout", func(v value) {
			values.idleTimeout = v
			s.IdleTimeout = l.idleTimeout(v)
			s.Scope = rules.ScopeSidecar
		}},
		field{"scope", func(v value) {
			values.scope = v
			s.Scope = choice(l, v, rules.ScopeSidecar, rules.ScopeDestinations)
			if !values.idleTimeout.given() && l.errors == before {
				l.errorAt(v, scopeWithoutIdleTimeout, "got scope without idleTimeout, want both: write for example idleTimeout: 48h, or remove scope")
			}
		}},
		field{"keepalive", func(v value) {
			values.keepalive = v
			k := l.keepalive(v)
			s.Keepalive = &k
		}},
		field{"drainDuration", func(v value) {
			values.drainDuration = v
			s.DrainDuration = l.drainDuration(v)
		}},
		field{"drainJitter", func(v value) {
			s.DrainJitter = l.drainJitter(v, values.drainDuration.given() || l.errors > before)
		}},
		field{"sidecarStartsFirst", func(v value) { s.SidecarStartsFirst = l.boolean(v) }},
		field{"sidecarStopsLast", func(v value) { s.SidecarStopsLast = l.boolean(v) }},
		field{"bypass", func(v value) {
			values.bypass = v
			s.Bypass = choice(l, v, rules.BypassPorts, rules.BypassCIDRs)
		}},
	) {
		return
	}
	beside := ""
	switch {
	case values.idleTimeout.given():
		beside = "idleTimeout"
	case values.keepalive.given():
		beside = "keepalive"
	case values.drainDuration.given():
		beside = "drainDuration"
	}
	switch {
	case values.bypass.given() && beside != "":
		l.errorAt(values.bypass, bypassBesideOtherStrategy,
			"got bypass beside %s, want one of them: what leaves the sidecar is out of its reach; remove one, or make it a rule of its own", beside)
	case !values.bypass.given() && beside == "" && !values.scope.given() && !s.SidecarStartsFirst && !s.SidecarStopsLast && l.errors == before:
		l.errorAt(v, emptyStrategy, "got no strategy, want idleTimeout, keepalive, drainDuration, sidecarStartsFirst, sidecarStopsLast or bypass: write for example idleTimeout: 48h")
	}
}

// duration reads a duration. It is text, even 0: Istio denies pods with a
// number where it wants one.
func (l *loader) duration(v value) (time.Duration, bool) {
	text := v.Value
	if !isNumber(v) {
		var ok bool
		if text, ok = l.text(v, "text: a duration such as 48h"); !ok {
			return 0, false
		}
	}
	d, err := grammar.ParseDuration(text)
	if err == nil && isNumber(v) { // a number by its tag
		err = fmt.Errorf("got %s, want a duration such as \"48h\"", describe(v.Node))
	}
	if err != nil {
		l.errorAt(v, badDuration, "%v", err)
	}
	return d, err == nil
}

func (l *loader) idleTimeout(v value) *time.Duration {
	d, ok := l.duration(v)
	switch {
	case !ok:
		return nil
	case d < 0 || strings.HasPrefix(v.Value, "-"):
		l.errorAt(v, badIdleTimeout, "got %s, want 1s or more (0s: no timeout)", grammar.Show(v.Value))
		return nil
	case d > 0 && d < time.Second:
		l.errorAt(v, badIdleTimeout, "got %s, want 1s or more (0s: no timeout): connections would close between two requests", grammar.Show(v.Value))
		return nil
	case d%time.Millisecond != 0:
		l.errorAt(v, badIdleTimeout, "got %s, want whole milliseconds: write %s", grammar.Show(v.Value), istio.FormatDuration(d.Truncate(time.Millisecond)))
		return nil
	case d == 0:
		l.warnAt(v, noIdleTimeout, "got %s, no timeout at all, want one: connections whose end got lost leak for ever; write for example 48h", grammar.Show(v.Value))
	}
	return &d
}

func (l *loader) drainDuration(v value) *time.Duration {
	// Envoy takes a 32-bit number of seconds: --drain-time-s.
	d, ok := l.wholeSeconds(v, badDrainDuration, math.MaxInt32)
	if !ok {
		return nil
	}
	if d > longDrain {
		l.warnAt(v, longDrainDuration, "got %s, want at most 24h: each change of the mesh's configuration keeps the listeners before it, about 100 KB a chain, until this has passed", grammar.Show(v.Value))
	}
	return &d
}

// maxDrainJitter keeps the shortest drainDuration at half of what is written.
const maxDrainJitter = 50 // percent

// drainJitter reads a number of percent. hasDrain says that there is a drainDuration for
// it, or that why there is none has been said.
func (l *loader) drainJitter(v value, hasDrain bool) int {
	const want = "a whole number of percent from 0 to 50"
	percent, ok := number(v)
	switch {
	case !ok && !isNumber(v):
		l.wrongType(v, want)
	case !ok || percent > maxDrainJitter:
		l.errorAt(v, badDrainJitter, "got %s, want %s", grammar.Clipped(v.Value), want)
	case !hasDrain:
		l.errorAt(v, drainJitterWithoutDrainDuration, "got drainJitter without drainDuration, want both: write for example drainDuration: 12h, or remove drainJitter")
	default:
		return percent
	}
	return 0
}

// wholeSeconds reads a duration of 1 to most seconds.
func (l *loader) wholeSeconds(v value, code Code, most int) (time.Duration, bool) {
	if isNumber(v) && strings.Trim(v.Value, "0.") == "" {
		l.errorAt(v, code, "got %s, want whole seconds from 1s to %ds: write for example 45s", v.Value, most)
		return 0, false
	}
	d, ok := l.duration(v)
	if ok && (d < time.Second || d%time.Second != 0 || d > time.Duration(most)*time.Second) {
		l.errorAt(v, code, "got %s, want whole seconds from 1s to %ds", grammar.Show(v.Value), most)
		ok = false
	}
	return d, ok
}

// keepalive reads all three values of a keepalive.
func (l *loader) keepalive(v value) (k istio.Keepalive) {
	seconds := func(key string, to *uint16) field {
		return field{key, func(v value) {
			if d, ok := l.wholeSeconds(v, badKeepalive, istio.MaxKeepaliveSeconds); ok {
				*to = uint16(d / time.Second)
			}
		}}
	}
	l.object(v, keepaliveKeys,
		seconds("time", &k.Time),
		seconds("interval", &k.Interval),
		field{"probes", func(v value) {
			want := fmt.Sprintf("a whole number from 1 to %d", istio.MaxKeepaliveProbes)
			p, ok := number(v)
			switch {
			case !ok && isNumber(v):
				l.errorAt(v, badKeepalive, "got %s, want %s", describe(v.Node), want)
			case !ok:
				l.wrongType(v, want)
			case p < 1 || p > istio.MaxKeepaliveProbes:
				l.errorAt(v, badKeepalive, "got %d, want 1 to %d", p, istio.MaxKeepaliveProbes)
			default:
				k.Probes = uint8(p)
			}
		}},
	)
	return k
}
