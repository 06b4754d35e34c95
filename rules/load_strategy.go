package rules

import (
	"fmt"
	"math"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/istio"
)

// envoyIdle is how long a sidecar keeps a connection without traffic unless
// told otherwise. Source: idle_timeout in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto
const envoyIdle = time.Hour

// longDrain is where keeping old listeners starts to cost noticeable memory.
const longDrain = 24 * time.Hour

// strategyNodes are the values of a strategy, nil where not given.
type strategyNodes struct {
	node, idleTimeout, scope, keepalive, drainDuration, bypass *yaml.Node
	at                                                         *path
}

func (l *loader) strategy(n *yaml.Node, at *path, s *Strategy, nodes *strategyNodes) {
	nodes.node, nodes.at = l.resolve(n), at
	var o object
	if !l.object(n, at, strategyKeys, &o) {
		return
	}
	before := len(l.problems)
	get := func(key string) *yaml.Node {
		if n := o.get(key); n != nil {
			return l.resolve(n)
		}
		return nil
	}
	if nodes.idleTimeout = get("idleTimeout"); nodes.idleTimeout != nil {
		s.IdleTimeout = l.idleTimeout(nodes.idleTimeout, &path{up: at, key: "idleTimeout"})
		s.Scope = ScopeSidecar
	}
	if nodes.scope = get("scope"); nodes.scope != nil {
		at := &path{up: at, key: "scope"}
		s.Scope = Scope(l.choice(nodes.scope, at, string(ScopeSidecar), string(ScopeDestinations)))
		if nodes.idleTimeout == nil {
			l.errorAt(nodes.scope, ScopeWithoutIdleTimeout, at, "got scope without idleTimeout, want both: write for example idleTimeout: 48h, or remove scope")
		}
	}
	if nodes.keepalive = get("keepalive"); nodes.keepalive != nil {
		k := l.keepalive(nodes.keepalive, &path{up: at, key: "keepalive"})
		s.Keepalive = &k
	}
	if nodes.drainDuration = get("drainDuration"); nodes.drainDuration != nil {
		s.DrainDuration = l.drainDuration(nodes.drainDuration, &path{up: at, key: "drainDuration"})
	}
	if nodes.bypass = get("bypass"); nodes.bypass != nil {
		s.Bypass = Bypass(l.choice(nodes.bypass, &path{up: at, key: "bypass"}, string(BypassPorts), string(BypassCIDRs)))
		for _, other := range []struct {
			key  string
			node *yaml.Node
		}{{"idleTimeout", nodes.idleTimeout}, {"keepalive", nodes.keepalive}, {"drainDuration", nodes.drainDuration}} {
			if other.node != nil {
				l.errorAt(nodes.bypass, BypassBesideOtherStrategy, &path{up: at, key: "bypass"},
					"got bypass beside %s, want one of them: what leaves the sidecar is out of its reach; remove one, or make it a rule of its own", other.key)
				break
			}
		}
	}
	if nodes.idleTimeout == nil && nodes.scope == nil && nodes.keepalive == nil && nodes.drainDuration == nil && nodes.bypass == nil &&
		!l.problems[before:].HasErrors() {
		l.errorAt(nodes.node, EmptyStrategy, at, "got no strategy, want idleTimeout, keepalive, drainDuration or bypass: write for example idleTimeout: 48h")
	}
}

// duration reads a duration. what names its limits.
func (l *loader) duration(n *yaml.Node, at *path) (time.Duration, bool) {
	n = l.resolve(n)
	if _, bare := number(n); bare {
		// Also 0: Istio denies pods with a number where it wants a duration.
		_, err := ParseDuration(n.Value)
		l.errorAt(n, BadDuration, at, "%v", err)
		return 0, false
	}
	if n.Kind == yaml.ScalarNode && (n.ShortTag() == intTag || n.ShortTag() == "!!float") {
		_, err := ParseDuration(n.Value)
		if err == nil {
			err = fmt.Errorf("got %s, want a duration such as \"48h\"", describe(n))
		}
		l.errorAt(n, BadDuration, at, "%v", err)
		return 0, false
	}
	s, ok := l.text(n, at, "text: a duration such as 48h")
	if !ok {
		return 0, false
	}
	d, err := ParseDuration(s)
	if err != nil {
		l.errorAt(n, BadDuration, at, "%v", err)
	}
	return d, err == nil
}

func (l *loader) idleTimeout(n *yaml.Node, at *path) *time.Duration {
	d, ok := l.duration(n, at)
	switch {
	case !ok:
		return nil
	case d < 0 || strings.HasPrefix(n.Value, "-"):
		l.errorAt(n, BadIdleTimeout, at, "got %s, want 1s or more (0s: no timeout)", show(n.Value))
		return nil
	case d > 0 && d < time.Second:
		l.errorAt(n, BadIdleTimeout, at, "got %s, want 1s or more (0s: no timeout): connections would close between two requests", show(n.Value))
		return nil
	case d%time.Millisecond != 0:
		l.errorAt(n, BadIdleTimeout, at, "got %s, want whole milliseconds: write %s", show(n.Value), istio.FormatDuration(d.Truncate(time.Millisecond)))
		return nil
	case d == 0:
		l.warnAt(n, NoIdleTimeout, at, "got %s, no timeout at all, want one: connections whose end got lost leak for ever; write for example 48h", show(n.Value))
	}
	return &d
}

func (l *loader) drainDuration(n *yaml.Node, at *path) *time.Duration {
	d, ok := l.duration(n, at)
	switch {
	case !ok:
		return nil
	case d < time.Second || d%time.Second != 0 || d > math.MaxInt32*time.Second:
		// Envoy takes a 32-bit number of seconds: --drain-time-s.
		l.errorAt(n, BadDrainDuration, at, "got %s, want whole seconds from 1s to %ds", show(n.Value), math.MaxInt32)
		return nil
	case d > longDrain:
		l.warnAt(n, LongDrainDuration, at, "got %s, want at most 24h: each change of the mesh's configuration keeps the listeners before it, about 100 KB a chain, until this has passed", show(n.Value))
	}
	return &d
}

// keepalive reads all three values of a keepalive.
func (l *loader) keepalive(n *yaml.Node, at *path) (k istio.Keepalive) {
	var o object
	if !l.object(n, at, keepaliveKeys, &o) {
		return k
	}
	if n := o.get("time"); n != nil {
		k.Time = l.keepaliveSeconds(n, &path{up: at, key: "time"})
	}
	if n := o.get("interval"); n != nil {
		k.Interval = l.keepaliveSeconds(n, &path{up: at, key: "interval"})
	}
	if n := o.get("probes"); n != nil {
		n, at := l.resolve(n), &path{up: at, key: "probes"}
		p, ok := number(n)
		switch {
		case !ok && n.Kind == yaml.ScalarNode && (n.ShortTag() == intTag || n.ShortTag() == "!!float"):
			l.errorAt(n, BadKeepalive, at, "got %s, want a whole number from 1 to %d", describe(n), istio.MaxKeepaliveProbes)
		case !ok:
			l.wrongType(n, at, fmt.Sprintf("a whole number from 1 to %d", istio.MaxKeepaliveProbes))
		case p < 1 || p > istio.MaxKeepaliveProbes:
			l.errorAt(n, BadKeepalive, at, "got %d, want 1 to %d", p, istio.MaxKeepaliveProbes)
		default:
			k.Probes = uint8(p)
		}
	}
	return k
}

func (l *loader) keepaliveSeconds(n *yaml.Node, at *path) uint16 {
	d, ok := l.duration(n, at)
	if !ok {
		return 0
	}
	if d < time.Second || d%time.Second != 0 || d > istio.MaxKeepaliveSeconds*time.Second {
		l.errorAt(l.resolve(n), BadKeepalive, at, "got %s, want whole seconds from 1s to %ds", show(l.resolve(n).Value), istio.MaxKeepaliveSeconds)
		return 0
	}
	return uint16(d / time.Second)
}
