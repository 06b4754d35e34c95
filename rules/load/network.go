package load

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
)

const maxPort = 65535

// portRange reads a port, or a range of ports as text.
func (l *loader) portRange(v value) (ports.Range, bool) {
	if v.Kind == yaml.ScalarNode && v.ShortTag() == strTag {
		from, to, isRange := strings.Cut(v.Value, "-")
		first, ok1 := decimal(from)
		last, ok2 := decimal(to)
		if isRange && ok1 && ok2 {
			switch {
			case first > last:
				l.errorAt(v, badPort, "got %s, want \"from-to\" with from at most to: write \"%d-%d\"", show(v.Value), last, first)
			case first < 1 || last > maxPort:
				l.errorAt(v, badPort, "got %s, want ports from 1 to %d", show(v.Value), maxPort)
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
		if p >= lowest && p <= maxPort {
			return uint16(p), true
		}
		l.errorAt(v, badPort, "got %d, want %s", p, want)
		return 0, false
	}
	if v.Kind != yaml.ScalarNode || v.ShortTag() == nullTag || v.ShortTag() == boolTag {
		l.wrongType(v, "a port, "+want)
		return 0, false
	}
	l.errorAt(v, badPort, "got %s, want %s%s", describe(v.Node), want, later(func() string { return portHint(v, lowest, strings.Contains(want, "range")) }))
	return 0, false
}

// portHint says how to write what was probably meant.
func portHint(v value, lowest int, ranges bool) string {
	compact := strings.Join(strings.Fields(v.Value), "")
	if p, ok := decimal(compact); ok && p >= lowest && p <= maxPort {
		return ": write " + compact + ", without quotes"
	}
	if p, err := strconv.ParseInt(v.Value, 0, 32); err == nil && v.ShortTag() == intTag && p >= int64(lowest) && p <= maxPort {
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
	if m, ok := rules.FindMiddleware(compact); ok && ranges {
		return ": write " + m.Name + " under middleware"
	}
	return ""
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
		l.errorAt(v, badCIDR, "got %s, want a network such as 10.20.0.0/16 or \"2001:db8::/32\"%s", show(s), later(func() string { return cidrHint(s) }))
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() {
		// Istio would program it into the rules of the wrong family.
		hint := ""
		if bits := p.Bits() - 96; bits >= 0 {
			hint = ": write " + netip.PrefixFrom(a.Unmap(), bits).Masked().String()
		}
		l.errorAt(v, badCIDR, "got the IPv4-mapped %s, want an IPv4 network%s", show(s), hint)
		return netip.Prefix{}, false
	}
	masked := p.Masked()
	if masked != p {
		l.warnAt(v, hostBitsSet, "got %s, want the network itself, %s: taken as that", show(s), masked)
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
		a, err := netip.ParseAddr(address)
		if err != nil {
			return ""
		}
		if m, err := netip.ParseAddr(mask); err == nil && m.Is4() && a.Is4() {
			if bits, size := net.IPMask(m.AsSlice()).Size(); size > 0 { // 255.255.0.0
				return ": write " + netip.PrefixFrom(a, bits).Masked().String()
			}
		}
		return ": the length after / is 0-" + strconv.Itoa(a.BitLen()) + " and has no leading zero"
	}
	if trimmed == "*" {
		return ": all addresses cannot be named, list the networks"
	}
	if from, _, ok := strings.Cut(trimmed, "-"); ok {
		if _, err := netip.ParseAddr(strings.TrimSpace(from)); err == nil {
			return ": write ranges of addresses as networks"
		}
	}
	if isHost(strings.ToLower(trimmed)) {
		return ": names stand under hosts"
	}
	return ""
}
