package lint

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

const (
	// Every rule is compared with at most this many earlier ones that share a
	// port and a namespace with it, so that 10,000 rules for one port load
	// fast; what lies beyond goes unreported.
	maxCompared = 64
	// maxConflicts is how many conflicts are reported for a file.
	maxConflicts = 100
	// maxSteps is how many comparisons of single ports, names and labels a file
	// is worth. 10,000 rules for one port need 3 million.
	maxSteps = 20_000_000
)

// Conflict is a pair of rules that pull one destination different ways.
type Conflict struct {
	Rule, Other int    // numbers of the later and the earlier rule
	Why         string // what they differ in, and what comes of it
}

// Conflicts returns pairs of rules that pull one destination different ways: one
// takes it out of the sidecar where the other sets the sidecar up for it, or
// both set one thing to different values. A rule is in it once as the later of
// two.
func Conflicts(list []rules.Rule) (found []Conflict) {
	earlier := index{}
	var c comparison
	for i := range list {
		runtime.Gosched() // as between pieces of the text
		at := reachOf(&list[i])
		compared := 0
		for j := range earlier.near(at) {
			if why := c.conflict(&list[i], &list[j]); why != "" {
				found = append(found, Conflict{Rule: i, Other: j, Why: why})
				break
			}
			if compared++; compared == maxCompared {
				break
			}
		}
		if len(found) == maxConflicts || c.steps > maxSteps {
			break
		}
		earlier.add(at, i)
	}
	return found
}

// comparison compares rules, and counts the steps that it takes.
type comparison struct{ steps int }

// conflict says in what r and other differ for a destination of both, in
// words, or nothing. Rules of different modes do not conflict: to watch a rule
// beside the one in force is what Observe is for.
func (c *comparison) conflict(r, other *rules.Rule) string {
	a, b := &r.Strategy, &other.Strategy
	if r.Mode != other.Mode {
		return ""
	}
	if (a.Bypass != "") != (b.Bypass != "") {
		bypassing, staying := r, other
		if b.Bypass != "" {
			bypassing, staying = other, r
		}
		if firstName(&staying.Strategy) == "" {
			return "" // the start and the end of a sidecar are its own, whatever goes past it
		}
		if c.takesFrom(bypassing, staying) && c.mayMeet(&r.Workloads, &other.Workloads) {
			return fmt.Sprintf("what bypass: %s of rule %q takes past the sidecar, %s of rule %q never reaches",
				bypassing.Strategy.Bypass, bypassing.Name, firstName(&staying.Strategy), staying.Name)
		}
		return ""
	}
	keepalive := a.Keepalive != nil && b.Keepalive != nil && *a.Keepalive != *b.Keepalive
	idle := a.IdleTimeout != nil && b.IdleTimeout != nil && a.Scope == b.Scope && *a.IdleTimeout != *b.IdleTimeout
	bothDrain := a.DrainDuration != nil && b.DrainDuration != nil
	drain := bothDrain && *a.DrainDuration != *b.DrainDuration
	jitter := bothDrain && a.DrainJitter != b.DrainJitter
	switch {
	case !keepalive && !idle && !drain && !jitter, // two bypasses unite
		!c.share(&r.Destinations, &other.Destinations), !c.mayMeet(&r.Workloads, &other.Workloads):
		return ""
	case keepalive:
		return fmt.Sprintf("keepalive is %s here and %s there; the more eager one wins", a.Keepalive, b.Keepalive)
	case idle:
		return fmt.Sprintf("idleTimeout is %s here and %s there; the longer one wins", timeoutText(*a.IdleTimeout), timeoutText(*b.IdleTimeout))
	}
	if !drain {
		return fmt.Sprintf("drainJitter is %d here and %d there; the wider one wins", a.DrainJitter, b.DrainJitter)
	}
	return fmt.Sprintf("drainDuration is %s here and %s there; the longer one wins", istio.FormatDuration(*a.DrainDuration), istio.FormatDuration(*b.DrainDuration))
}

func timeoutText(d time.Duration) string {
	if d == 0 {
		return "0s (none, the longest)"
	}
	return istio.FormatDuration(d)
}

// firstName is the key that comes first in a strategy without bypass, of those that
// are for connections to its destinations; "" if none is.
func firstName(s *rules.Strategy) string {
	switch {
	case s.IdleTimeout != nil:
		return "idleTimeout"
	case s.Keepalive != nil:
		return "keepalive"
	case s.DrainDuration != nil:
		return "drainDuration"
	}
	return ""
}

// takesFrom reports whether the bypass of one rule takes connections that
// staying names itself. A rule that names no port, or no address, is for the
// rest.
func (c *comparison) takesFrom(bypassing, staying *rules.Rule) bool {
	if bypassing.Strategy.Bypass == rules.BypassPorts {
		return c.shareRange(bypassing.Destinations.Ports, staying.Destinations.Ports)
	}
	return c.shareAddress(bypassing.Destinations.CIDRs, staying.Destinations.CIDRs)
}

// share reports whether both name one destination: a port, network or host of
// both, with nothing else that keeps them apart.
func (c *comparison) share(a, b *rules.Destinations) bool {
	ports := c.shareRange(a.Ports, b.Ports)
	if !ports && len(a.Ports) > 0 && len(b.Ports) > 0 {
		return false
	}
	anywhere := len(a.CIDRs)+len(a.Hosts) == 0 || len(b.CIDRs)+len(b.Hosts) == 0
	return ports && anywhere || c.shareAddress(a.CIDRs, b.CIDRs) || c.shareHost(a.Hosts, b.Hosts)
}

func (c *comparison) shareRange(a, b []ports.Range) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); c.steps++ {
		switch {
		case a[i].Last < b[j].First:
			i++
		case b[j].Last < a[i].First:
			j++
		default:
			return true
		}
	}
	return false
}

// shareAddress compares sorted lists of networks. Networks are nested or
// disjoint, so the one that ends first can be passed.
func (c *comparison) shareAddress(a, b []netip.Prefix) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); c.steps++ {
		if a[i].Overlaps(b[j]) {
			return true
		}
		if a[i].Addr().Less(b[j].Addr()) {
			i++
		} else {
			j++
		}
	}
	return false
}

func (c *comparison) shareHost(a, b []string) bool {
	a, b = a[:min(len(a), maxCompared)], b[:min(len(b), maxCompared)]
	c.steps += len(a) * len(b)
	return len(filter(a, b, true)) > 0
}

// mayMeet reports whether one pod could meet both conditions. It says no only
// where that is plain: different namespaces, or different values of a label.
func (c *comparison) mayMeet(a, b *rules.Workloads) bool {
	return c.namespacesMeet(a.Namespaces, b.Namespaces) &&
		c.selectorsMeet(a.PodSelector, b.PodSelector) && c.selectorsMeet(a.NamespaceSelector, b.NamespaceSelector)
}

func (c *comparison) namespacesMeet(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxCompared*maxCompared {
		return true
	}
	c.steps += len(a) * len(b)
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return globsMeet(x, y) })
	})
}

// globsMeet reports whether one name could match both. Of two globs only what
// stands before and after their wildcards is compared.
func globsMeet(x, y string) bool {
	switch xGlob, yGlob := strings.Contains(x, "*"), strings.Contains(y, "*"); {
	case !xGlob:
		return rules.MatchGlob(y, x)
	case !yGlob:
		return rules.MatchGlob(x, y)
	}
	xHead, yHead := x[:strings.IndexByte(x, '*')], y[:strings.IndexByte(y, '*')]
	xTail, yTail := x[strings.LastIndexByte(x, '*')+1:], y[strings.LastIndexByte(y, '*')+1:]
	return (strings.HasPrefix(xHead, yHead) || strings.HasPrefix(yHead, xHead)) &&
		(strings.HasSuffix(xTail, yTail) || strings.HasSuffix(yTail, xTail))
}

func (c *comparison) selectorsMeet(a, b *rules.Selector) bool {
	if a == nil || b == nil {
		return true
	}
	c.steps += len(a.MatchLabels)
	for k, v := range a.MatchLabels {
		if w, ok := b.MatchLabels[k]; ok && w != v {
			return false
		}
	}
	return c.meets(a, b) && c.meets(b, a)
}

// meets compares the expressions of s with all conditions of other, as far as
// people read them.
func (c *comparison) meets(s, other *rules.Selector) bool {
	expressions := other.MatchExpressions[:min(len(other.MatchExpressions), maxAnalysed)]
	for i := range s.MatchExpressions[:min(len(s.MatchExpressions), maxAnalysed)] {
		r := &s.MatchExpressions[i]
		c.steps += len(r.Values) + len(expressions)
		if v, ok := other.MatchLabels[r.Key]; ok && !r.Accepts(v, true) {
			return false
		}
		for j := range expressions {
			if expressions[j].Key == r.Key && c.exclude(r, &expressions[j]) {
				return false
			}
		}
	}
	return true
}

// exclude reports whether no label meets both requirements, which have the same
// key.
func (c *comparison) exclude(r, other *rules.Requirement) bool {
	c.steps += len(r.Values) + len(other.Values)
	switch {
	case r.Operator == rules.OpExists:
		return other.Operator == rules.OpDoesNotExist
	case r.Operator != rules.OpIn:
		return false
	case other.Operator == rules.OpIn:
		return len(filter(r.Values, other.Values, true)) == 0
	case other.Operator == rules.OpNotIn:
		return len(filter(r.Values, other.Values, false)) == 0
	}
	return other.Operator == rules.OpDoesNotExist
}
