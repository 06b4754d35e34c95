package evidence

import (
	"iter"
	"strings"

	"github.com/gaissmai/bart"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Asked are the addresses that any rule looks for. Others are not
// kept of a pod, so that of very many addresses those are read that count. A host
// that some rule names is asked for on whatever port.
type Asked struct {
	any        uses            // of rules that neither hosts nor CIDRs narrow
	named      uses            // of rules with only CIDRs: every name counts, unresolved
	unresolved uses            // of all rules
	names      map[string]bool // exact ones
	suffixes   map[string]bool // what globs end with
	prefixes   *bart.Lite
	memory     *memory // of what pods show that is asked for
}

// uses are ports and kinds of middleware.
type uses struct {
	ports portSet
	kinds map[string]bool
}

func (u *uses) add(d *rules.Destinations) {
	u.ports.add(d.Ports)
	for _, name := range d.Middleware {
		if u.kinds == nil {
			u.kinds = map[string]bool{}
		}
		u.kinds[name] = true
	}
}

// has reports whether an address is one of them. One whose port is not known is so by
// its kind alone.
func (u *uses) has(a *Address) bool {
	return a.Port != 0 && u.ports.has(a.Port) || a.Kind != "" && u.kinds[a.Kind]
}

// portSet is a set of ports.
type portSet [1 << 16 / 64]uint64

func (s *portSet) has(port uint16) bool { return s[port/64]&(1<<(port%64)) != 0 }

// add adds ports; none means any.
func (s *portSet) add(ranges []ports.Range) {
	if len(ranges) == 0 {
		ranges = []ports.Range{{First: 0, Last: 65535}}
	}
	for p := range ports.All(ranges) {
		s[p/64] |= 1 << (p % 64)
	}
}

// NewAsked is for rules with these destinations.
func NewAsked(all iter.Seq[*rules.Destinations]) *Asked {
	s := &Asked{names: map[string]bool{}, suffixes: map[string]bool{}, prefixes: new(bart.Lite), memory: newMemory()}
	for d := range all {
		s.add(d)
	}
	return s
}

// add adds what a rule accepts: its CIDRs and hosts, by its ports alone where it has
// neither.
func (s *Asked) add(d *rules.Destinations) {
	switch {
	case len(d.Hosts)+len(d.CIDRs) == 0:
		s.any.add(d)
	case len(d.Hosts) == 0:
		s.named.add(d)
	}
	if len(d.Ports) > 0 {
		s.unresolved.add(d)
	}
	for _, p := range d.CIDRs {
		s.prefixes.Insert(p)
	}
	for _, glob := range d.Hosts {
		if strings.Contains(glob, "*") {
			s.suffixes[rules.HostSuffix(glob)] = true
		} else {
			s.names[glob] = true
		}
	}
}

// Has reports whether some rule may look for an address.
func (s *Asked) Has(a *Address) bool {
	switch {
	case s.any.has(a):
		return true
	case a.Unresolved:
		return s.unresolved.has(a)
	case a.IP.IsValid():
		return s.prefixes.Lookup(a.IP)
	case s.named.has(a), s.names[a.Host]:
		return true
	}
	for rest := a.Host; rest != "" && len(s.suffixes) > 0; {
		_, rest, _ = strings.Cut(rest, ".")
		if s.suffixes[rest] {
			return true
		}
	}
	return false
}
