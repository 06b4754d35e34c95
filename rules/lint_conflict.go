package rules

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
)

const (
	// Every rule is compared with at most this many earlier ones that share a
	// port and a namespace with it, so that 10,000 rules for one port load
	// fast; what lies beyond goes unreported.
	maxCompared = 64
	// maxConflicts is how many conflicts are reported for a file.
	maxConflicts = 100
)

// conflicts warns of pairs of rules that pull one destination different ways:
// one takes it out of the sidecar where the other sets the sidecar up for it,
// or both set one thing to different values. A rule is reported once, at the
// later of the two.
func (l *loader) conflicts(f *File) {
	index := newRuleIndex(len(f.Rules))
	reported := 0
	for i := range f.Rules {
		r := &f.Rules[i]
		compared := 0
		index.candidates(r, func(j int32) bool {
			other := &f.Rules[j]
			compared++
			if why := r.conflict(other); why != "" {
				at := l.marks[i].strategy
				l.report(at.line, at.column, SeverityWarning, ConflictingRules, rulePath(i, "strategy"),
					fmt.Sprintf("got another way for a destination of rule %q (line %d), want one: %s", other.Name, other.Line, why))
				reported++
				return false
			}
			return compared < maxCompared
		})
		if reported >= maxConflicts {
			return
		}
		index.add(r, int32(i))
	}
}

// conflict says in what r and other differ for a destination of both, in
// words, or nothing. Rules of different modes do not conflict: to watch a rule
// beside the one in force is what Observe is for.
func (r *Rule) conflict(other *Rule) string {
	a, b := &r.Strategy, &other.Strategy
	if r.Mode != other.Mode {
		return ""
	}
	if (a.Bypass != "") != (b.Bypass != "") {
		bypassing, staying := r, other
		if b.Bypass != "" {
			bypassing, staying = other, r
		}
		if bypassing.takesFrom(staying) && r.Workloads.mayMeet(&other.Workloads) {
			return fmt.Sprintf("what %s of rule %q takes past the sidecar, %s of rule %q never reaches", "bypass: "+string(bypassing.Strategy.Bypass), bypassing.Name, staying.Strategy.firstName(), staying.Name)
		}
		return ""
	}
	keepalive := a.Keepalive != nil && b.Keepalive != nil && *a.Keepalive != *b.Keepalive
	idle := a.IdleTimeout != nil && b.IdleTimeout != nil && a.Scope == b.Scope && *a.IdleTimeout != *b.IdleTimeout
	drain := a.DrainDuration != nil && b.DrainDuration != nil && *a.DrainDuration != *b.DrainDuration
	switch {
	case !keepalive && !idle && !drain, // two bypasses unite
		!r.Destinations.share(&other.Destinations), !r.Workloads.mayMeet(&other.Workloads):
		return ""
	case keepalive:
		return fmt.Sprintf("keepalive is %s here and %s there; the more eager one wins", a.Keepalive, b.Keepalive)
	case idle:
		return fmt.Sprintf("idleTimeout is %s here and %s there; the longer one wins", timeoutText(*a.IdleTimeout), timeoutText(*b.IdleTimeout))
	}
	return fmt.Sprintf("drainDuration is %s here and %s there; the longer one wins", istio.FormatDuration(*a.DrainDuration), istio.FormatDuration(*b.DrainDuration))
}

func timeoutText(d time.Duration) string {
	if d == 0 {
		return "0s (none, the longest)"
	}
	return istio.FormatDuration(d)
}

func (s *Strategy) firstName() string {
	switch {
	case s.IdleTimeout != nil:
		return "idleTimeout"
	case s.Keepalive != nil:
		return "keepalive"
	}
	return "drainDuration"
}

// takesFrom says whether the bypass of r takes connections that staying names
// itself. A rule that names no port, or no address, is for the rest.
func (r *Rule) takesFrom(staying *Rule) bool {
	if r.Strategy.Bypass == BypassPorts {
		return shareRange(r.Destinations.Ports, staying.Destinations.Ports)
	}
	return shareAddress(r.Destinations.CIDRs, staying.Destinations.CIDRs)
}

// share says whether both name one destination: a port, network or host of
// both, with nothing else that keeps them apart.
func (d *Destinations) share(other *Destinations) bool {
	ports := shareRange(d.Ports, other.Ports)
	if !ports && len(d.Ports) > 0 && len(other.Ports) > 0 {
		return false
	}
	anywhere := len(d.CIDRs)+len(d.Hosts) == 0 || len(other.CIDRs)+len(other.Hosts) == 0
	return ports && anywhere || shareAddress(d.CIDRs, other.CIDRs) || shareHost(d.Hosts, other.Hosts)
}

func shareRange(a, b []ports.Range) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
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
func shareAddress(a, b []netip.Prefix) bool {
	for i, j := 0, 0; i < len(a) && j < len(b); {
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

func shareHost(a, b []string) bool {
	for _, x := range a[:min(len(a), maxCompared)] {
		for _, y := range b[:min(len(b), maxCompared)] {
			if x == y {
				return true
			}
		}
	}
	return false
}

// mayMeet says whether one pod could meet both conditions. It says no only
// where that is plain: different namespaces, or different values of a label.
func (w *Workloads) mayMeet(other *Workloads) bool {
	return namespacesMeet(w.Namespaces, other.Namespaces) &&
		w.PodSelector.mayMeet(other.PodSelector) && w.NamespaceSelector.mayMeet(other.NamespaceSelector)
}

func namespacesMeet(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxCompared*maxCompared {
		return true
	}
	for _, x := range a {
		for _, y := range b {
			if globsMeet(x, y) {
				return true
			}
		}
	}
	return false
}

// globsMeet says whether one name could match both. Of two globs only what
// stands before and after their wildcards is compared.
func globsMeet(x, y string) bool {
	switch xGlob, yGlob := strings.Contains(x, "*"), strings.Contains(y, "*"); {
	case !xGlob:
		return MatchGlob(y, x)
	case !yGlob:
		return MatchGlob(x, y)
	}
	xHead, yHead := x[:strings.IndexByte(x, '*')], y[:strings.IndexByte(y, '*')]
	xTail, yTail := x[strings.LastIndexByte(x, '*')+1:], y[strings.LastIndexByte(y, '*')+1:]
	return (strings.HasPrefix(xHead, yHead) || strings.HasPrefix(yHead, xHead)) &&
		(strings.HasSuffix(xTail, yTail) || strings.HasSuffix(yTail, xTail))
}

func (s *Selector) mayMeet(other *Selector) bool {
	if s == nil || other == nil {
		return true
	}
	for k, v := range s.MatchLabels {
		if w, ok := other.MatchLabels[k]; ok && w != v {
			return false
		}
	}
	return s.meets(other) && other.meets(s)
}

// meets compares the expressions of s with all conditions of other, as far as
// people read them.
func (s *Selector) meets(other *Selector) bool {
	for i := range s.MatchExpressions[:min(len(s.MatchExpressions), maxAnalysed)] {
		r := &s.MatchExpressions[i]
		if v, ok := other.MatchLabels[r.Key]; ok && !r.Accepts(v, true) {
			return false
		}
		for j := range other.MatchExpressions[:min(len(other.MatchExpressions), maxAnalysed)] {
			if o := &other.MatchExpressions[j]; o.Key == r.Key && r.excludes(o) {
				return false
			}
		}
	}
	return true
}

// excludes says whether no label meets both r and other, which has the same key.
func (r *Requirement) excludes(other *Requirement) bool {
	switch r.Operator {
	case OpIn:
		return all(r.Values, func(v string) bool { return !other.Accepts(v, true) })
	case OpExists:
		return other.Operator == OpDoesNotExist
	}
	return false
}
