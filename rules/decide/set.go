package decide

import (
	"fmt"
	"hash/maphash"
	"iter"
	"net/netip"
	"slices"
	"sync"

	"github.com/gaissmai/bart"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// Set is a compiled, immutable rules file, safe for many goroutines.
type Set struct {
	file  *rules.File
	hash  func() string // worked out for the first who asks
	rules []compiled    // those of the file, and behind them its gateways
	index index
	asked *evidence.Asked // by referencing rules
	// namespaceSelectors are the rules that ask for namespace labels.
	namespaceSelectors []int32
	memo               memo
}

// compiled is a rule with everything worked out that does not depend on a pod.
type compiled struct {
	*rules.Rule
	targets      targets
	pods         selector
	namespaces   selector       // of namespace labels
	table        *bart.Lite     // of CIDRs, where a list would be slow
	ambiguous    []ports.Range  // of the rule's middleware: alone they show no use
	notHTTP      []ports.Range  // of the rule's middleware: nobody speaks HTTP there
	ports        []uint16       // to bypass, ascending
	prefixes     []netip.Prefix // to bypass, sorted
	alternatives []patterns.Alternative
}

// targets are what a rule changes on a pod.
type targets uint8

const (
	targetPorts targets = 1 << iota
	targetPrefixes
	targetIdleTimeout
	targetDestinations
	targetKeepalive
	targetDrain
	targetStartsFirst
	targetStopsLast

	// targetsByPort reach connections by their ports: those on others they miss.
	targetsByPort = targetPorts | targetDestinations

	targetsInProxyConfig = targetIdleTimeout | targetDestinations | targetKeepalive | targetDrain | targetStartsFirst | targetStopsLast
)

// longList is how many CIDRs a rule has before a table beats looking at each.
const longList = 8

// Compile makes a Set of a loaded file, which nobody may change from then on.
func Compile(file *rules.File) *Set {
	s := &Set{file: file, hash: sync.OnceValue(func() string { return hashOf(file) }), rules: make([]compiled, len(file.Rules)+len(file.Gateways))}
	s.memo.seed = maphash.MakeSeed()
	known := map[string][]patterns.Alternative{} // an alias may give many rules the same destinations
	for i := range file.Rules {
		r := &s.rules[i]
		r.compile(&file.Rules[i])
		if r.targets&targetDestinations != 0 {
			d := patterns.Destinations{Ports: r.Destinations.Ports, Prefixes: r.Destinations.CIDRs}
			key := fmt.Sprint(d)
			if known[key] == nil {
				known[key] = patterns.For(d)
			}
			r.alternatives = known[key]
		}
		if r.namespaces != nil {
			s.namespaceSelectors = append(s.namespaceSelectors, int32(i))
		}
	}
	for i := range file.Gateways {
		s.rules[len(file.Rules)+i].compile(gatewayRule(&file.Gateways[i], file.Mode))
	}
	s.index = newIndex(s.ofSidecars())
	s.asked = evidence.NewAsked(s.referencing())
	return s
}

// File returns what the set was compiled from. The caller may not change it.
func (s *Set) File() *rules.File { return s.file }

// Hash identifies the policy: equal files have equal hashes, whatever their
// comments, descriptions and layout.
func (s *Set) Hash() string { return s.hash() }

// referencing are the destinations that pods are searched for.
func (s *Set) referencing() iter.Seq[*rules.Destinations] {
	return func(yield func(*rules.Destinations) bool) {
		for i := range s.ofSidecars() {
			if s.rules[i].Workloads.Referencing && !yield(&s.rules[i].Destinations) {
				return
			}
		}
	}
}

func (c *compiled) compile(r *rules.Rule) {
	c.Rule = r
	c.pods = compileSelector(r.Workloads.PodSelector)
	c.namespaces = compileSelector(r.Workloads.NamespaceSelector)
	if r.Workloads.Referencing && len(r.Destinations.CIDRs) > longList {
		c.table = new(bart.Lite)
		for _, p := range r.Destinations.CIDRs {
			c.table.Insert(p)
		}
	}
	for _, name := range r.Destinations.Middleware {
		m, _ := rules.FindMiddleware(name)
		c.ambiguous = append(c.ambiguous, m.Ambiguous...)
		if !m.HTTP {
			c.notHTTP = append(c.notHTTP, m.Ports...)
		}
	}
	switch r.Strategy.Bypass {
	case rules.BypassPorts:
		c.targets |= targetPorts
		c.ports = slices.Collect(ports.All(r.Destinations.Ports))
	case rules.BypassCIDRs:
		c.targets |= targetPrefixes
		c.prefixes = slices.Clone(r.Destinations.CIDRs)
		slices.SortFunc(c.prefixes, netip.Prefix.Compare)
		c.prefixes = slices.Compact(c.prefixes)
	}
	if r.Strategy.IdleTimeout != nil {
		if r.Strategy.Scope == rules.ScopeDestinations {
			c.targets |= targetDestinations
		} else {
			c.targets |= targetIdleTimeout
		}
	}
	if r.Strategy.Keepalive != nil {
		c.targets |= targetKeepalive
	}
	if r.Strategy.DrainDuration != nil {
		c.targets |= targetDrain
	}
	if r.Strategy.SidecarStartsFirst {
		c.targets |= targetStartsFirst
	}
	if r.Strategy.SidecarStopsLast {
		c.targets |= targetStopsLast
	}
}
