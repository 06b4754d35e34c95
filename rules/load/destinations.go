package load

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/distinct"
	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
)

// destinationValues are the lists of a rule's destinations where they are not
// empty.
type destinationValues struct {
	value
	middleware, ports, cidrs, hosts value

	bad bool // some key or item could not be read
}

func (l *loader) destinations(v value, r *rules.Rule, d *destinationValues) {
	to, before := &r.Destinations, l.errors
	list := func(key string, list *value, want string, read func(item value)) field {
		return field{key, func(v value) {
			if l.list(v, want, read) != 0 {
				*list = v
			}
		}}
	}
	if !l.object(v, destinationsKeys,
		list("middleware", &d.middleware, "a list of names such as [redis]", func(item value) {
			if m, ok := l.middleware(item); ok && !slices.Contains(to.Middleware, m.Name) {
				to.Middleware = append(to.Middleware, m.Name)
				to.Ports = append(to.Ports, m.Ports...)
			}
		}),
		list("ports", &d.ports, "a list of ports such as [6379, \"7000-7005\"]", func(item value) {
			if p, ok := l.portRange(item); ok {
				l.protected(item, p, r)
				to.Ports = append(to.Ports, p)
			}
		}),
		list("cidrs", &d.cidrs, "a list of networks such as [10.20.0.0/16]", func(item value) {
			if p, ok := l.cidr(item); ok {
				l.broad(item, p, r)
				to.CIDRs = append(to.CIDRs, p)
			}
		}),
		list("hosts", &d.hosts, "a list of names such as [\"*.example.com\"]", func(item value) {
			if h, ok := l.host(item); ok {
				to.Hosts = append(to.Hosts, h)
			}
		}),
	) {
		return
	}
	d.value = v
	d.bad = l.errors > before // a mistyped key may hold what is missing then
	if !d.middleware.given() && !d.ports.given() && !d.cidrs.given() && !d.hosts.given() && !d.bad {
		l.errorAt(v, emptyDestinations, "got no destination, want at least one of middleware, ports, cidrs and hosts: write for example middleware: [redis]")
	}
	to.Hosts = distinct.Of(to.Hosts)
	to.Ports = ports.Merge(to.Ports)
	slices.SortFunc(to.CIDRs, netip.Prefix.Compare)
	to.CIDRs = slices.Compact(to.CIDRs)
}

// middleware reads a name of the table.
func (l *loader) middleware(v value) (rules.Middleware, bool) {
	s, ok := l.text(v, "text: the name of a middleware, such as redis")
	if !ok {
		return rules.Middleware{}, false
	}
	m, ok := rules.FindMiddleware(s)
	if ok && grammar.IsDNSLabel(s) { // names are lower case
		return m, true
	}
	l.errorAt(v, unknownMiddleware, "got %s, want %s", grammar.Show(s), later(func() string {
		var known, all []string
		for _, m := range rules.KnownMiddleware() {
			known = append(known, m.Name)
			all = append(append(all, m.Name), m.Aliases...)
		}
		if hint := grammar.WriteNearest(s, all); hint != "" {
			return grammar.OrList(known) + hint
		}
		return grammar.OrList(known) + "; for other servers list their ports"
	}))
	return rules.Middleware{}, false
}

// portRange reads a port, or a range of ports as text.
func (l *loader) portRange(v value) (ports.Range, bool) {
	if v.Kind == yaml.ScalarNode && v.ShortTag() == strTag {
		from, to, isRange := strings.Cut(v.Value, "-")
		first, ok1 := grammar.Decimal(from)
		last, ok2 := grammar.Decimal(to)
		if isRange && ok1 && ok2 {
			switch {
			case first > last:
				l.errorAt(v, badPort, "got %s, want \"from-to\" with from at most to: write \"%d-%d\"", grammar.Show(v.Value), last, first)
			case first < 1 || last > grammar.MaxPort:
				l.errorAt(v, badPort, "got %s, want ports from 1 to %d", grammar.Show(v.Value), grammar.MaxPort)
			default:
				return ports.Range{First: uint16(first), Last: uint16(last)}, true
			}
			return ports.Range{}, false
		}
	}
	p, ok := l.portNumber(v, 1, "1-65535, or a range such as \"7000-7005\"")
	return ports.Range{First: p, Last: p}, ok
}

// singlePort reads a port where a range cannot stand.
func (l *loader) singlePort(v value, lowest int) (uint16, bool) {
	return l.portNumber(v, lowest, strconv.Itoa(lowest)+"-65535")
}

func (l *loader) portNumber(v value, lowest int, want string) (uint16, bool) {
	if p, ok := number(v); ok {
		if p >= lowest && p <= grammar.MaxPort {
			return uint16(p), true
		}
		l.errorAt(v, badPort, "got %d, want %s", p, want)
		return 0, false
	}
	if v.Kind != yaml.ScalarNode || v.ShortTag() == nullTag || v.ShortTag() == boolTag {
		l.wrongType(v, "a port, "+want)
		return 0, false
	}
	l.errorAt(v, badPort, "got %s, want %s%s", describe(v.Node), want, later(func() string {
		return grammar.PortHint(v.Value, v.ShortTag() == intTag, lowest, strings.Contains(want, "range"))
	}))
	return 0, false
}

// cidr reads a network and masks it. An address alone is the network of that one.
func (l *loader) cidr(v value) (netip.Prefix, bool) {
	s, ok := l.text(v, "text: a network such as 10.20.0.0/16")
	if !ok {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(s)
	if a, addressErr := netip.ParseAddr(s); addressErr == nil && a.Zone() == "" {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if err != nil {
		l.errorAt(v, badCIDR, "got %s, want a network such as 10.20.0.0/16 or \"2001:db8::/32\"%s", grammar.Show(s), later(func() string { return grammar.CIDRHint(s) }))
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() {
		// Istio would program it into the rules of the wrong family.
		hint := ""
		if bits := p.Bits() - 96; bits >= 0 {
			hint = ": write " + netip.PrefixFrom(a.Unmap(), bits).Masked().String()
		}
		l.errorAt(v, badCIDR, "got the IPv4-mapped %s, want an IPv4 network%s", grammar.Show(s), hint)
		return netip.Prefix{}, false
	}
	masked := p.Masked()
	if masked != p {
		l.warnAt(v, hostBitsSet, "got %s, want the network itself, %s: taken as that", grammar.Show(s), masked)
	}
	return masked, true
}

// host reads a DNS name or a glob of names, and returns it in lower case.
func (l *loader) host(v value) (string, bool) {
	s, ok := l.text(v, "text: a host name or a glob such as \"*.example.com\"")
	if !ok {
		return "", false
	}
	lower := strings.ToLower(s)
	if why := grammar.HostProblem(lower); why != "" {
		l.errorAt(v, badHost, "got %s, want a DNS name or a glob such as \"*.example.com\": %s", grammar.Show(s),
			later(func() string { return cmp.Or(grammar.HostHint(lower), why) }))
		return "", false
	}
	return l.intern(lower), true
}
