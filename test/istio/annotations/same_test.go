package annotations_test

import (
	"net/netip"
	"strconv"
)

// same reports whether two items of a list mean the same port or prefix to
// Istio.
func same(a, b string) bool {
	if a == b {
		return true
	}
	if p, err := strconv.ParseUint(a, 10, 16); err == nil {
		q, err := strconv.ParseUint(b, 10, 16)
		return err == nil && p == q
	}
	p, err := netip.ParsePrefix(a)
	if err != nil {
		return false
	}
	q, err := netip.ParsePrefix(b)
	return err == nil && plain(p) == plain(q)
}

// plain masks a prefix and takes a v4-mapped one for what it means. Istio
// sorts those among the IPv6 rules, where they match nothing.
func plain(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked()
}
