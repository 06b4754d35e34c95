package merge

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Targets are what a rule changes on a pod.
type Targets uint8

const (
	Ports Targets = 1 << iota
	Prefixes
	IdleTimeout
	Destinations
	Keepalive
	Drain
	StartsFirst
	StopsLast

	// ByPort reach connections by their ports: those on others they miss.
	ByPort = Ports | Destinations

	inProxyConfig = IdleTimeout | Destinations | Keepalive | Drain | StartsFirst | StopsLast
)

// Rule is a rule with everything worked out of its strategy that does not depend on
// a pod.
type Rule struct {
	*rules.Rule
	Targets Targets

	ports        []uint16       // to bypass, ascending
	prefixes     []netip.Prefix // to bypass, sorted
	alternatives []patterns.Alternative
}

// Bypasses is how many ports and networks the rule bypasses.
func (c *Rule) Bypasses() int { return len(c.ports) + len(c.prefixes) }

// Compiler compiles the rules of one file.
type Compiler struct {
	known map[string][]patterns.Alternative // an alias may give many rules the same destinations
}

// Compile compiles a rule, which nobody may change from then on.
func (k *Compiler) Compile(r *rules.Rule) Rule {
	c := Rule{Rule: r}
	switch r.Strategy.Bypass {
	case rules.BypassPorts:
		c.Targets |= Ports
		c.ports = slices.Collect(ports.All(r.Destinations.Ports))
	case rules.BypassCIDRs:
		c.Targets |= Prefixes
		c.prefixes = slices.Clone(r.Destinations.CIDRs)
		slices.SortFunc(c.prefixes, netip.Prefix.Compare)
		c.prefixes = slices.Compact(c.prefixes)
	}
	if r.Strategy.IdleTimeout != nil {
		if r.Strategy.Scope == rules.ScopeDestinations {
			c.Targets |= Destinations
		} else {
			c.Targets |= IdleTimeout
		}
	}
	if r.Strategy.Keepalive != nil {
		c.Targets |= Keepalive
	}
	if r.Strategy.DrainDuration != nil {
		c.Targets |= Drain
	}
	if r.Strategy.SidecarStartsFirst {
		c.Targets |= StartsFirst
	}
	if r.Strategy.SidecarStopsLast {
		c.Targets |= StopsLast
	}
	if c.Targets&Destinations != 0 {
		c.alternatives = k.alternatives(&r.Destinations)
	}
	return c
}

func (k *Compiler) alternatives(of *rules.Destinations) []patterns.Alternative {
	d := patterns.Destinations{Ports: of.Ports, Prefixes: of.CIDRs}
	key := fmt.Sprint(d)
	if k.known[key] == nil {
		if k.known == nil {
			k.known = map[string][]patterns.Alternative{}
		}
		k.known[key] = patterns.For(d)
	}
	return k.known[key]
}
