package rules

import (
	"slices"
	"strconv"
	"strings"
)

// Reasons of verdicts: stable codes.
const (
	VerdictMatched                   = "Matched"
	VerdictNamespaceMismatch         = "NamespaceMismatch"         // its name is not in workloads.namespaces
	VerdictPodSelectorMismatch       = "PodSelectorMismatch"       // the pod's labels
	VerdictNamespaceLabelsUnknown    = "NamespaceLabelsUnknown"    // and all else but referencing holds
	VerdictNamespaceSelectorMismatch = "NamespaceSelectorMismatch" // the namespace's labels
	VerdictNotReferenced             = "NotReferenced"             // the pod shows no use of a destination
)

// facts is a pod with what is worked out from it once for all rules.
type facts struct {
	pod     *Pod
	scanner scanner
	// declared are the items of MiddlewareAnnotation, cut from its text.
	declared []declaration
	scanned  bool
}

// declaration is one name that a pod's author declares to use.
type declaration struct {
	name       string // as written
	middleware string // the table's name for it, if it has one
	port       uint16 // the middleware's first port
}

// match asks one rule and returns VerdictMatched or why not. It is the only
// place that decides whether a rule applies. What costs most comes last.
func (c *compiled) match(f *facts, v *vocabulary) string {
	switch {
	case !c.inNamespace(f.pod.Namespace.Name):
		return VerdictNamespaceMismatch
	case c.pods.failing(f.pod.Labels) >= 0:
		return VerdictPodSelectorMismatch
	case c.namespaces != nil && !f.pod.Namespace.Known:
		return VerdictNamespaceLabelsUnknown
	case c.namespaces.failing(f.pod.Namespace.Labels) >= 0:
		return VerdictNamespaceSelectorMismatch
	case c.Workloads.Referencing && !c.referenced(f, v):
		return VerdictNotReferenced
	}
	return VerdictMatched
}

func (c *compiled) inNamespace(name string) bool {
	if len(c.Workloads.Namespaces) == 0 {
		return true
	}
	for _, glob := range c.Workloads.Namespaces {
		if MatchGlob(glob, name) {
			return true
		}
	}
	return false
}

// referenced says whether the pod visibly uses a destination of the rule.
func (c *compiled) referenced(f *facts, v *vocabulary) bool {
	f.scan(v)
	for i := range f.declared {
		if c.declaredBy(&f.declared[i]) {
			return true
		}
	}
	for i := range f.scanner.addresses {
		if ok, _ := c.reaches(&f.scanner.addresses[i]); ok {
			return true
		}
	}
	return false
}

// declaredBy says whether a pod's author means this rule. A middleware's name
// means rules that name it, and rules that have its first port.
func (c *compiled) declaredBy(d *declaration) bool {
	if d.name == c.Name {
		return true
	}
	if d.middleware == "" {
		return false
	}
	return c.hasPort(d.port) || slices.Contains(c.Destinations.Middleware, d.middleware)
}

func (c *compiled) hasPort(port uint16) bool {
	for _, r := range c.Destinations.Ports {
		if r.First <= port && port <= r.Last {
			return true
		}
	}
	return false
}

// reaches says whether an address is a destination of the rule: its port is
// among the ports, if there are any, and its IP in a CIDR or its name meant by
// a host glob, if there are any of either. A name where there are only CIDRs
// counts too, unresolved: better protected than cut.
func (c *compiled) reaches(a *address) (ok, unresolved bool) {
	d := &c.Destinations
	if len(d.Ports) > 0 && !c.hasPort(a.port) {
		return false, false
	}
	if len(d.CIDRs)+len(d.Hosts) == 0 {
		return true, false
	}
	if a.ip.IsValid() {
		return c.holds(a), false
	}
	for _, glob := range d.Hosts {
		if MatchHost(glob, a.host) {
			return true, false
		}
	}
	return len(d.Hosts) == 0, true
}

func (c *compiled) holds(a *address) bool {
	if c.table != nil {
		return c.table.Lookup(a.ip)
	}
	for _, prefix := range c.Destinations.CIDRs {
		if prefix.Contains(a.ip) {
			return true
		}
	}
	return false
}

// maxEvidence is how many pieces of evidence a verdict lists.
const maxEvidence = 16

// verdict is match in words, for a reader.
func (c *compiled) verdict(f *facts, v *vocabulary) Verdict {
	reason := c.match(f, v)
	verdict := Verdict{Rule: c.Name, Mode: c.mode(), Matched: reason == VerdictMatched, Reason: reason}
	namespace := f.pod.Namespace
	switch reason {
	case VerdictMatched:
		verdict.Detail = "every condition holds"
		if c.Workloads.Referencing {
			verdict.Evidence = c.evidence(f)
			verdict.Detail = "the pod uses a destination: " + verdict.Evidence[0].String()
		} else if len(c.Workloads.Namespaces) == 0 && c.pods == nil && c.namespaces == nil {
			verdict.Detail = "the rule is for every pod"
		}
	case VerdictNamespaceMismatch:
		verdict.Detail = "namespace is " + quoted(namespace.Name) + ", want " + strings.Join(c.Workloads.Namespaces, " or ")
	case VerdictPodSelectorMismatch:
		verdict.Detail = c.pods[c.pods.failing(f.pod.Labels)].describe("pod", f.pod.Labels)
	case VerdictNamespaceLabelsUnknown:
		verdict.Detail = "the rule asks for namespace labels, and those of " + quoted(namespace.Name) + " are not known here"
	case VerdictNamespaceSelectorMismatch:
		verdict.Detail = c.namespaces[c.namespaces.failing(namespace.Labels)].describe("namespace", namespace.Labels)
	case VerdictNotReferenced:
		verdict.Detail = c.notReferenced(f)
	}
	return verdict
}

// evidence lists what shows that the pod uses a destination.
func (c *compiled) evidence(f *facts) []Evidence {
	var list []Evidence
	add := func(e Evidence) {
		if len(list) < maxEvidence && !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	for i := range f.declared {
		if d := &f.declared[i]; c.declaredBy(d) {
			add(Evidence{Where: "annotation " + MiddlewareAnnotation, Address: oneLine(d.name)})
		}
	}
	for i := range f.scanner.addresses {
		a := &f.scanner.addresses[i]
		if ok, unresolved := c.reaches(a); ok {
			add(Evidence{Where: a.from.describe(f.pod), Address: f.show(a), Unresolved: unresolved})
		}
	}
	return list
}

// String is "redis.prod:6379 in container cart, env REDIS_URL".
func (e Evidence) String() string {
	text := e.Address + " in " + e.Where
	if e.Unresolved {
		text += " (a name where the rule has only CIDRs)"
	}
	return text
}

// notReferenced tells what was seen instead of a destination.
func (c *compiled) notReferenced(f *facts) string {
	const shown = 3
	seen := make([]string, 0, shown)
	for i := range f.scanner.addresses {
		text := f.show(&f.scanner.addresses[i])
		if len(seen) < shown && !slices.Contains(seen, text) {
			seen = append(seen, text)
		}
	}
	if len(seen) == 0 {
		return "no address in the pod's env values, commands and args; annotate it with " + MiddlewareAnnotation + ": " + c.Name + " if it uses one"
	}
	return "none of the " + strconv.Itoa(len(f.scanner.addresses)) + " addresses that the pod shows is a destination of the rule; the first: " + strings.Join(seen, ", ")
}

func (c *compiled) mode() Mode {
	if c.Mode == Observe {
		return Observe
	}
	return Enforce
}
