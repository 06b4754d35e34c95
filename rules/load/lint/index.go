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

// filedUnder returns the namespaces and ports of a rule, nil for any.
func filedUnder(r *rules.Rule) (namespaces []string, ports []int) {
	isGlob := func(s string) bool { return strings.Contains(s, "*") }
	if names := r.Workloads.Namespaces; len(names) <= maxFiled && !slices.ContainsFunc(names, isGlob) {
		namespaces = names
	}
	if r.Strategy.Bypass == rules.BypassCIDRs {
		return namespaces, nil
	}
	for _, ranges := range r.Destinations.Ports {
		for p := int(ranges.First); p <= int(ranges.Last); p++ {
			if len(ports) == maxFiled {
				return namespaces, nil
			}
			ports = append(ports, p)
		}
	}
	return namespaces, ports
}

// add files rule i.
func (x index) add(r *rules.Rule, i int) {
	namespaces, ports := filedUnder(r)
	if namespaces == nil {
		namespaces = []string{anyNamespace}
	}
	if ports == nil {
		ports = []int{anyPort}
	}
	for _, namespace := range append(slices.Clip(namespaces), everyNamespace) {
		for _, port := range append(ports, everyPort) {
			at := filed{namespace, port}
			if len(x[at]) < maxCompared {
				x[at] = append(x[at], i)
			}
		}
	}
}

// near returns the rules that may share a namespace and a port with r, some
// more than once.
func (x index) near(r *rules.Rule) iter.Seq[int] {
	namespaces, ports := filedUnder(r)
	if namespaces == nil {
		namespaces = []string{everyNamespace}
	} else {
		namespaces = append(slices.Clip(namespaces), anyNamespace)
	}
	if ports == nil {
		ports = []int{everyPort}
	} else {
		ports = append(ports, anyPort)
	}
	return func(yield func(int) bool) {
		for _, namespace := range namespaces {
			for _, port := range ports {
				for _, i := range x[filed{namespace, port}] {
					if !yield(i) {
						return
					}
				}
			}
		}
	}
}
