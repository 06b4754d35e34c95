package decide

import (
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// maxEvidence is how many pieces of evidence a verdict lists.
const maxEvidence = 16

// verdict is match in words, for a reader.
func (c *compiled) verdict(f *facts) rules.Verdict {
	reason := c.match(f)
	verdict := rules.Verdict{Rule: c.Name, Mode: c.mode(), Matched: reason == rules.VerdictMatched, Reason: reason}
	namespace := f.pod.Namespace
	switch reason {
	case rules.VerdictMatched:
		verdict.Detail = "every condition holds"
		if c.Workloads.Referencing {
			verdict.Evidence = c.evidence(f)
			verdict.Detail = "the pod uses a destination: " + verdict.Evidence[0].String()
		} else if len(c.Workloads.Namespaces) == 0 && c.pods == nil && c.namespaces == nil {
			verdict.Detail = "the rule is for every pod"
		}
	case rules.VerdictNamespaceMismatch:
		verdict.Detail = "namespace is " + quoted(namespace.Name) + ", want " + strings.Join(c.Workloads.Namespaces, " or ")
	case rules.VerdictPodSelectorMismatch:
		verdict.Detail = c.pods.mismatch("pod", f.pod.Labels)
	case rules.VerdictNamespaceLabelsUnknown:
		verdict.Detail = "the rule asks for namespace labels, and those of " + quoted(namespace.Name) + " are not known here"
	case rules.VerdictNamespaceSelectorMismatch:
		verdict.Detail = c.namespaces.mismatch("namespace", namespace.Labels)
	case rules.VerdictNotReferenced:
		verdict.Detail = c.notReferenced(f)
	}
	return verdict
}

// evidence lists what shows that the pod uses a destination.
func (c *compiled) evidence(f *facts) []rules.Evidence {
	var list []rules.Evidence
	add := func(e rules.Evidence) {
		if len(list) < maxEvidence && !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	for i := range f.found.Declared {
		if d := &f.found.Declared[i]; c.declaredBy(d) {
			add(rules.Evidence{Where: "annotation " + rules.MiddlewareAnnotation, Address: clip.OneLine(d.Name)})
		}
	}
	for i := range f.found.Addresses {
		a := &f.found.Addresses[i]
		u := c.reaches(a)
		if !u.counts() {
			continue
		}
		e := evidenceOf(a)
		e.Unresolved = e.Unresolved || u&unresolved != 0
		if u&missed != 0 {
			e.MissedPort = a.Port
		}
		add(e)
	}
	return list
}

// missedPorts are the ports, up to a few, of what is a destination by its kind, and
// which the rule would have to list.
func (c *compiled) missedPorts(f *facts) (list []string) {
	const shown = 5
	for i := range f.found.Addresses {
		a := &f.found.Addresses[i]
		if u := c.reaches(a); u&missed == 0 || len(list) == shown {
			continue
		}
		if port := strconv.Itoa(int(a.Port)); !slices.Contains(list, port) {
			list = append(list, port)
		}
	}
	return list
}

// notReferenced tells how much was seen instead of a destination, and what to do where
// that was too little. What it was: Shows.
func (c *compiled) notReferenced(f *facts) string {
	if missed := c.missedPorts(f); len(missed) > 0 {
		return "the pod uses " + strings.Join(c.Destinations.Middleware, " or ") + " on another port, and the rule's strategy goes by ports: add " +
			strings.Join(missed, ", ") + " to its ports"
	}
	found := &f.found
	detail := "the pod shows no address"
	switch all := len(found.Addresses) + found.Unasked; all {
	case 0:
	case 1:
		detail = "the one address that the pod shows is no destination of the rule"
	default:
		detail = "none of the " + strconv.Itoa(all) + " addresses that the pod shows is a destination of the rule"
	}
	detail += notRead(found)
	if found.Cut {
		detail += ", and there are more that were not read"
	}
	if len(found.Addresses)+found.Unasked == 0 || len(found.Unread) > 0 || found.Cut {
		detail += "; if it uses a destination, say so in the annotation " + rules.MiddlewareAnnotation
	}
	return detail
}

// notRead says how many sources of a pod were not read, if any.
func notRead(found *evidence.Found) string {
	switch n := len(found.Unread) + found.Unlisted; n {
	case 0:
		return ""
	case 1:
		return ", and one source was not read"
	default:
		return ", and " + strconv.Itoa(n) + " sources were not read"
	}
}

func (c *compiled) mode() rules.Mode {
	if c.Mode == rules.Observe {
		return rules.Observe
	}
	return rules.Enforce
}
