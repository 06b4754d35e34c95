package decide

import (
	"slices"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// facts is a pod with what it shows, worked out once for all rules.
type facts struct {
	pod   *rules.Pod
	found evidence.Found // empty if no rule asks for references
}

func (s *Set) facts(pod *rules.Pod) facts {
	if !s.index.has(keyRule) {
		return facts{pod: pod}
	}
	return facts{pod: pod, found: evidence.Scan(pod, s.asked)}
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
		if ok, _ := c.reaches(&f.found.Addresses[i]); ok {
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

func (c *compiled) hasPort(port uint16) bool {
	for _, r := range c.Destinations.Ports {
		if r.First <= port && port <= r.Last {
			return true
		}
	}
	return false
}

// reaches reports whether an address is a destination of the rule: its port is
// among the ports, if there are any, and its IP in a CIDR or its name meant by
// a host glob, if there are any of either. A name where there are only CIDRs
// counts too, unresolved: better protected than cut.
func (c *compiled) reaches(a *evidence.Address) (ok, unresolved bool) {
	d := &c.Destinations
	if len(d.Ports) > 0 && !c.hasPort(a.Port) {
		return false, false
	}
	if len(d.CIDRs)+len(d.Hosts) == 0 {
		return true, false
	}
	if a.IP.IsValid() {
		return c.holds(a), false
	}
	for _, glob := range d.Hosts {
		if rules.MatchHost(glob, a.Host) {
			return true, false
		}
	}
	return len(d.Hosts) == 0, true
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
