package grammar

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
)

// MaxPort is the highest port.
const MaxPort = 65535

// PortHint is ": write ..." for a text, or a number that YAML reads as one, where a
// port from lowest on is wanted, or with ranges one of those; nothing if it is not
// plain what was meant.
func PortHint(text string, isNumber bool, lowest int, ranges bool) string {
	compact := strings.Join(strings.Fields(text), "")
	if p, ok := Decimal(compact); ok && p >= lowest && p <= MaxPort {
		return ": write " + compact + ", without quotes"
	}
	if p, err := strconv.ParseInt(text, 0, 32); err == nil && isNumber && p >= int64(lowest) && p <= MaxPort {
		return ": write " + strconv.FormatInt(p, 10)
	}
	if strings.ContainsAny(compact, ",;") {
		return ": write one item per port"
	}
	if from, to, ok := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(compact, ":", "-"), "..", "-"), "-"); ok {
		_, ok1 := Decimal(from)
		_, ok2 := Decimal(to)
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

// CIDRHint is the same for a text where a network is wanted.
func CIDRHint(s string) string {
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

// Decimal reads a number of up to nine digits without sign or leading zero.
func Decimal(s string) (int, bool) {
	if s == "" || len(s) > 9 || s[0] == '0' && len(s) > 1 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
