package rules

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

const maxPort = 65535

// portRange reads a port, or a range of ports as text.
func (l *loader) portRange(n *yaml.Node, at *path) (ports.Range, bool) {
	n = l.resolve(n)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == strTag {
		from, to, isRange := strings.Cut(n.Value, "-")
		first, ok1 := decimal(from)
		last, ok2 := decimal(to)
		if isRange && ok1 && ok2 {
			switch {
			case first > last:
				l.errorAt(n, BadPort, at, "got %s, want \"from-to\" with from at most to: write \"%d-%d\"", show(n.Value), last, first)
			case first < 1 || last > maxPort:
				l.errorAt(n, BadPort, at, "got %s, want ports from 1 to %d", show(n.Value), maxPort)
			default:
				return ports.Range{First: uint16(first), Last: uint16(last)}, true
			}
			return ports.Range{}, false
		}
	}
	p, ok := l.portNumber(n, at, 1, "1-65535, or a range such as \"7000-7005\"")
	return ports.Range{First: p, Last: p}, ok
}

// singlePort reads a port where a range cannot stand.
func (l *loader) singlePort(n *yaml.Node, at *path, lowest int) (uint16, bool) {
	return l.portNumber(l.resolve(n), at, lowest, strconv.Itoa(lowest)+"-65535")
}

func (l *loader) portNumber(n *yaml.Node, at *path, lowest int, want string) (uint16, bool) {
	if p, ok := number(n); ok {
		if p >= lowest && p <= maxPort {
			return uint16(p), true
		}
		l.errorAt(n, BadPort, at, "got %d, want %s", p, want)
		return 0, false
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == nullTag || n.ShortTag() == boolTag {
		l.wrongType(n, at, "a port, "+want)
		return 0, false
	}
	l.errorAt(n, BadPort, at, "got %s, want %s%s", describe(n), want, portHint(n, lowest, strings.Contains(want, "range")))
	return 0, false
}

// portHint says how to write what was probably meant.
func portHint(n *yaml.Node, lowest int, ranges bool) string {
	compact := strings.Join(strings.Fields(n.Value), "")
	if p, ok := decimal(compact); ok && p >= lowest && p <= maxPort {
		return ": write " + compact + ", without quotes"
	}
	if p, err := strconv.ParseInt(n.Value, 0, 32); err == nil && n.ShortTag() == intTag && p >= int64(lowest) && p <= maxPort {
		return ": write " + strconv.FormatInt(p, 10)
	}
	if strings.ContainsAny(compact, ",;") {
		return ": write one item per port"
	}
	if from, to, ok := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(compact, ":", "-"), "..", "-"), "-"); ok {
		_, ok1 := decimal(from)
		_, ok2 := decimal(to)
		if ok1 && ok2 && !ranges {
			return ": list each port, there are no ranges here"
		}
		if ok1 && ok2 {
			return ": write \"" + from + "-" + to + "\""
		}
	}
	if m, ok := FindMiddleware(compact); ok && ranges {
		return ": write " + m.Name + " under middleware"
	}
	return ""
}

// cidr reads a network and masks it.
func (l *loader) cidr(n *yaml.Node, at *path) (netip.Prefix, bool) {
	n = l.resolve(n)
	s, ok := l.text(n, at, "text: a network such as 10.20.0.0/16")
	if !ok {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		l.errorAt(n, BadCIDR, at, "got %s, want a network such as 10.20.0.0/16 or \"2001:db8::/32\"%s", show(s), cidrHint(s))
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() {
		// Istio would program it into the rules of the wrong family.
		hint := ""
		if bits := p.Bits() - 96; bits >= 0 {
			hint = ": write " + netip.PrefixFrom(a.Unmap(), bits).Masked().String()
		}
		l.errorAt(n, BadCIDR, at, "got the IPv4-mapped %s, want an IPv4 network%s", show(s), hint)
		return netip.Prefix{}, false
	}
	masked := p.Masked()
	if masked != p {
		l.warnAt(n, HostBitsSet, at, "got %s, want the network itself, %s: taken as that", show(s), masked)
	}
	return masked, true
}

// cidrHint says how to write what was probably meant.
func cidrHint(s string) string {
	trimmed := strings.TrimSpace(s)
	if strings.Contains(trimmed, "%") {
		return ": leave out the zone after %"
	}
	if strings.ContainsAny(trimmed, ",;") {
		return ": write one item per network"
	}
	if a, err := netip.ParseAddr(trimmed); err == nil {
		a = a.Unmap().WithZone("")
		return ": write \"" + netip.PrefixFrom(a, a.BitLen()).String() + "\" for the one address"
	}
	if p, err := netip.ParsePrefix(trimmed); err == nil {
		return ": write \"" + p.Masked().String() + "\""
	}
	if address, mask, ok := strings.Cut(trimmed, "/"); ok {
		if a, err := netip.ParseAddr(address); err == nil {
			if m, err := netip.ParseAddr(mask); err == nil && m.Is4() && a.Is4() {
				if bits, ok := maskBits(m); ok {
					return ": write " + netip.PrefixFrom(a, bits).Masked().String()
				}
			}
			return ": the length after / is 0-" + strconv.Itoa(a.BitLen()) + " and has no leading zero"
		}
		return ""
	}
	if trimmed == "*" {
		return ": all addresses cannot be named, list the networks"
	}
	if from, _, ok := strings.Cut(trimmed, "-"); ok {
		if _, err := netip.ParseAddr(strings.TrimSpace(from)); err == nil {
			return ": write ranges of addresses as networks"
		}
	}
	if hostProblem(strings.ToLower(trimmed)) == "" {
		return ": names stand under hosts"
	}
	return ""
}

// maskBits turns 255.255.0.0 into 16.
func maskBits(m netip.Addr) (int, bool) {
	b := m.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	bits := 0
	for ; bits < 32 && v&(1<<31) != 0; bits++ {
		v <<= 1
	}
	return bits, v == 0
}

// withoutDuplicates keeps the first of equal items, in place and in linear
// time: lists come from outside.
func withoutDuplicates[T comparable](list []T) []T {
	if len(list) < 2 {
		return list
	}
	seen := make(map[T]struct{}, len(list))
	return slices.DeleteFunc(list, func(item T) bool {
		_, before := seen[item]
		seen[item] = struct{}{}
		return before
	})
}
