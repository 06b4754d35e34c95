package rules

import (
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// ruleIndex finds earlier rules that may share a port and a namespace with a
// rule, without looking at all of them.
type ruleIndex struct {
	everywhere *portIndex            // rules that may reach any namespace
	all        *portIndex            // every rule
	named      map[string]*portIndex // rules by exact namespace
}

func newRuleIndex(rules int) *ruleIndex {
	return &ruleIndex{
		everywhere: newPortIndex(rules),
		all:        newPortIndex(rules),
		named:      map[string]*portIndex{},
	}
}

// exactNamespaces returns the namespaces of a rule, or nil if it can reach
// others.
func exactNamespaces(r *Rule) []string {
	for _, n := range r.Workloads.Namespaces {
		if strings.Contains(n, "*") {
			return nil
		}
	}
	return r.Workloads.Namespaces
}

func (x *ruleIndex) add(r *Rule, i int32) {
	ranges := r.indexRanges()
	x.all.add(ranges, i)
	namespaces := exactNamespaces(r)
	if namespaces == nil {
		x.everywhere.add(ranges, i)
	}
	for _, n := range namespaces {
		if x.named[n] == nil {
			x.named[n] = newPortIndex(0)
		}
		x.named[n].add(ranges, i)
	}
}

// candidates calls visit for each rule that may share a port and a namespace,
// possibly more than once, until visit returns false.
func (x *ruleIndex) candidates(r *Rule, visit func(i int32) bool) {
	ranges := r.indexRanges()
	namespaces := exactNamespaces(r)
	if namespaces == nil {
		x.all.candidates(ranges, visit)
		return
	}
	for _, n := range namespaces {
		if !x.named[n].candidates(ranges, visit) {
			return
		}
	}
	x.everywhere.candidates(ranges, visit)
}

// indexRanges are the ports by which a rule is found; nil stands for any.
func (r *Rule) indexRanges() []ports.Range {
	if r.Strategy.Bypass == BypassCIDRs {
		return nil // ports do not narrow it
	}
	return r.Destinations.Ports
}

// portIndex holds numbers of rules by port.
type portIndex struct {
	narrow map[uint16][]int32
	wide   []int32 // rules with any port, or with long ranges
	every  []int32
}

// wideRange is from where a range is kept in the list of wide ones.
const wideRange = 32

func newPortIndex(size int) *portIndex {
	return &portIndex{narrow: make(map[uint16][]int32, size)}
}

// isWide says whether a rule is too long to be kept port by port.
func isWide(ranges []ports.Range) bool {
	return len(ranges) == 0 || len(ranges) > wideRange || ports.Count(ranges) > wideRange
}

func (x *portIndex) add(ranges []ports.Range, i int32) {
	x.every = append(x.every, i)
	if isWide(ranges) {
		x.wide = append(x.wide, i)
		return
	}
	for p := range ports.All(ranges) {
		x.narrow[p] = append(x.narrow[p], i)
	}
}

// candidates returns false when visit wants no more.
func (x *portIndex) candidates(ranges []ports.Range, visit func(i int32) bool) bool {
	if x == nil {
		return true
	}
	if isWide(ranges) {
		return visitAll(x.every, visit)
	}
	for p := range ports.All(ranges) {
		if !visitAll(x.narrow[p], visit) {
			return false
		}
	}
	return visitAll(x.wide, visit)
}

func visitAll(list []int32, visit func(i int32) bool) bool {
	for _, i := range list {
		if !visit(i) {
			return false
		}
	}
	return true
}
