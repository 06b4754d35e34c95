package lint

import (
	"iter"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// index finds earlier rules that may share a namespace and a port with a rule,
// without looking at all of them. Each rule is filed under every combination
// of its namespaces and ports; no more stand under one than are compared.
type index map[filed][]int

type filed struct {
	namespace string
	port      int
}

const (
	// anyNamespace files rules that may reach namespaces that they do not name,
	// everyNamespace files all rules.
	anyNamespace, everyNamespace = "*", "**"
	// anyPort files rules that ports do not narrow, everyPort files all rules.
	anyPort, everyPort = -1, -2
	// maxFiled is how many namespaces, or ports, of a rule are filed one by one.
	// With more it counts as reaching any.
	maxFiled = 32
)

// reach is what a rule is filed by: the namespaces and ports that it names, none
// for any.
type reach struct {
	namespaces []string
	ports      []int
}

func reachOf(r *rules.Rule) (to reach) {
	isGlob := func(s string) bool { return strings.Contains(s, "*") }
	if names := r.Workloads.Namespaces; len(names) <= maxFiled && !slices.ContainsFunc(names, isGlob) {
		to.namespaces = slices.Clip(names)
	}
	if r.Strategy.Bypass == rules.BypassCIDRs {
		return to
	}
	for _, ranges := range r.Destinations.Ports {
		for p := int(ranges.First); p <= int(ranges.Last); p++ {
			if len(to.ports) == maxFiled {
				return reach{namespaces: to.namespaces}
			}
			to.ports = append(to.ports, p)
		}
	}
	return to
}

// add files rule i.
func (x index) add(at reach, i int) {
	if len(at.namespaces) == 0 {
		at.namespaces = []string{anyNamespace}
	}
	if len(at.ports) == 0 {
		at.ports = []int{anyPort}
	}
	for _, namespace := range append(at.namespaces, everyNamespace) {
		for _, port := range append(at.ports, everyPort) {
			key := filed{namespace, port}
			if len(x[key]) < maxCompared {
				x[key] = append(x[key], i)
			}
		}
	}
}

// near returns the rules that may share a namespace and a port with one that is
// filed there, some more than once.
func (x index) near(at reach) iter.Seq[int] {
	return func(yield func(int) bool) {
		if len(at.namespaces) == 0 {
			at.namespaces = []string{everyNamespace}
		} else {
			at.namespaces = append(at.namespaces, anyNamespace)
		}
		if len(at.ports) == 0 {
			at.ports = []int{everyPort}
		} else {
			at.ports = append(at.ports, anyPort)
		}
		for _, namespace := range at.namespaces {
			for _, port := range at.ports {
				for _, i := range x[filed{namespace, port}] {
					if !yield(i) {
						return
					}
				}
			}
		}
	}
}
