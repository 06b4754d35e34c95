package decide

import (
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

// facts is a pod with what it shows, worked out once for all rules.
type facts struct {
	pod   *rules.Pod
	found evidence.Found // empty if no rule asks for references
}

// facts reads a pod by evidence.Scan or evidence.Recall.
func (s *Set) facts(pod *rules.Pod, read func(*rules.Pod, *evidence.Asked) evidence.Found) facts {
	if !s.index.has(keyRule) {
		return facts{pod: pod}
	}
	return facts{pod: pod, found: read(pod, s.asked)}
}

// match asks one rule and returns rules.VerdictMatched or why not. It is the only
// place that decides whether a rule applies. What costs most comes last.
func (c *compiled) match(f *facts) rules.VerdictReason {
	switch {
	case !c.inNamespace(f.pod.Namespace.Name):
		return rules.VerdictNamespaceMismatch
	case c.pods.failing(f.pod.Labels) >= 0:
		return rules.VerdictPodSelectorMismatch
	case c.namespaces != nil && !f.pod.Namespace.Known:
		return rules.VerdictNamespaceLabelsUnknown
	case c.namespaces.failing(f.pod.Namespace.Labels) >= 0:
		return rules.VerdictNamespaceSelectorMismatch
	case c.Workloads.Referencing && !c.referenced(f):
		return rules.VerdictNotReferenced
	}
	return rules.VerdictMatched
}

func (c *compiled) inNamespace(name string) bool {
	if len(c.Workloads.Namespaces) == 0 {
		return true
	}
	for _, glob := range c.Workloads.Namespaces {
		if rules.MatchGlob(glob, name) {
			return true
		}
	}
	return false
}

// referenced reports whether the pod visibly uses a destination of the rule.
func (c *compiled) referenced(f *facts) bool {
	for i := range f.found.Declared {
		if c.declaredBy(&f.found.Declared[i]) {
			return true
		}
	}
	for i := range f.found.Addresses {
		if c.reaches(&f.found.Addresses[i]).counts() {
			return true
		}
	}
	return false
}

// declaredBy reports whether a pod's author means this rule. A middleware's name
// means rules that name it, and rules that have its first port.
func (c *compiled) declaredBy(d *evidence.Declared) bool {
	if d.Name == c.Name {
		return true
	}
	if d.Middleware == "" {
		return false
	}
	return c.hasPort(d.Port) || slices.Contains(c.Destinations.Middleware, d.Middleware)
}

func (c *compiled) hasPort(port uint16) bool { return within(port, c.Destinations.Ports) }

func within(port uint16, ranges []ports.Range) bool {
	for _, r := range ranges {
		if r.First <= port && port <= r.Last {
			return true
		}
	}
	return false
}

// use is what an address is to a rule.
type use uint8

const (
	used       use = 1 << iota // it is a destination
	unresolved                 // it may be one: which address it has, is not known
	missed                     // it is one by its kind, on a port that the rule's strategy misses
	beside                     // so does another strategy of the rule, which does not go by ports
)

// counts reports whether the rule is for a pod that shows such an address.
func (u use) counts() bool { return u&used != 0 && (u&missed == 0 || u&beside != 0) }

// reaches says whether an address is a destination of the rule: its port is
// among the ports, if there are any, or it is of a kind that the rule names; and its
// IP is in a CIDR or its name meant by a host glob, if there are any of either. A name
// where there are only CIDRs counts too, unresolved, and so does a host that is not
// known: better protected than cut.
func (c *compiled) reaches(a *evidence.Address) use {
	d := &c.Destinations
	kind := a.Kind != "" && slices.Contains(d.Middleware, a.Kind)
	listed := c.hasPort(a.Port)
	// One with a name alone is meant where a rule has that name.
	bare := a.Port == 0 && !kind && !a.Unresolved
	switch {
	case kind, bare, len(d.Ports) == 0 && !a.Unresolved:
	case !listed, within(a.Port, c.ambiguous), a.HTTP && within(a.Port, c.notHTTP):
		return 0
	}
	u := used
	if kind && !listed && a.Port != 0 && c.Targets&merge.ByPort != 0 {
		u |= missed
		if c.Targets&^merge.ByPort != 0 {
			u |= beside
		}
	}
	switch {
	case len(d.CIDRs)+len(d.Hosts) == 0:
		if bare {
			return 0
		}
		return u
	case a.Unresolved:
		return u | unresolved
	case a.IP.IsValid():
		if c.holds(a) {
			return u
		}
		return 0
	}
	for _, glob := range d.Hosts {
		if rules.MatchHost(glob, a.Host) {
			return u
		}
	}
	if len(d.Hosts) > 0 || bare {
		return 0
	}
	return u | unresolved
}

func (c *compiled) holds(a *evidence.Address) bool {
	if c.table != nil {
		return c.table.Lookup(a.IP)
	}
	for _, prefix := range c.Destinations.CIDRs {
		if prefix.Contains(a.IP) {
			return true
		}
	}
	return false
}
