package istio

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/distinct"
)

// MaxValueBytes bounds a value that becomes one argument of istio-init or one
// environment variable of it or of the sidecar: 96 KiB. The kernel executes no
// program with a string of over 131,071 bytes, name and end included; a quarter
// is left for what the installation's own configuration adds.
// Source: MAX_ARG_STRLEN in
// https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/binfmts.h
const MaxValueBytes = 96 << 10

// ParsePorts reads the value of ExcludeOutboundPortsAnnotation as Istio's
// injector does: a comma list of 0-65535, white space around items tolerated,
// no ranges, no "*", no empty item. An empty value is an empty list. The error
// says which item Istio would reject and how to write it. Order and duplicates
// are kept.
//
// Source: parsePorts in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/kube/inject/validate.go
func ParsePorts(value string) ([]uint16, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil, nil
	}
	ports := make([]uint16, 0, strings.Count(value, ",")+1)
	for item := range strings.SplitSeq(value, ",") {
		port, err := strconv.ParseUint(strings.TrimSpace(item), 10, 16)
		if err != nil {
			return nil, portError(len(ports)+1, item)
		}
		ports = append(ports, uint16(port))
	}
	return ports, nil
}

// portError names an item that Istio rejects and what its author may have
// meant.
func portError(number int, item string) error {
	trimmed := strings.TrimSpace(item)
	switch first, last, isRange := strings.Cut(trimmed, "-"); {
	case trimmed == "":
		return fmt.Errorf("item %d: got an empty item, want a port from 0 to 65535: "+
			"remove the extra comma", number)
	case trimmed == "*":
		return fmt.Errorf("item %d: got %q, want a port from 0 to 65535: "+
			"to keep all outbound traffic away from the sidecar, list the addresses in %s",
			number, trimmed, ExcludeOutboundIPRangesAnnotation)
	case isRange && isDigits(first) && isDigits(last):
		return fmt.Errorf("item %d: got the range %q, want a port from 0 to 65535: "+
			"Istio knows no ranges, list each port", number, trimmed)
	default:
		return fmt.Errorf("item %d: got %q, want a port from 0 to 65535", number, trimmed)
	}
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// FormatPorts writes ports as Istio wants them: "3306,6379".
func FormatPorts(ports []uint16) string {
	text := make([]byte, 0, 6*len(ports))
	for i, port := range ports {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, uint64(port), 10)
	}
	return string(text)
}

// UnionPorts appends to base those of add that it lacks, in the order given.
// The result has no duplicates. grew reports whether add brought anything new.
func UnionPorts(base, add []uint16) (union []uint16, grew bool) {
	return unionOf(base, add)
}

// ParsePrefixes reads the value of ExcludeOutboundIPRangesAnnotation as
// Istio's injector does: a comma list of CIDRs, no white space, no bare
// addresses, no "*". An empty value is an empty list. The prefixes are as they
// were written, neither masked nor unmapped.
//
// Source: validateCIDRList in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/kube/inject/validate.go
func ParsePrefixes(value string) ([]netip.Prefix, error) {
	if value == "" {
		return nil, nil
	}
	prefixes := make([]netip.Prefix, 0, strings.Count(value, ",")+1)
	for item := range strings.SplitSeq(value, ",") {
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			return nil, prefixError(len(prefixes)+1, item)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

// prefixError is portError for a CIDR.
func prefixError(number int, item string) error {
	const want = "want a CIDR like 10.20.0.0/16 or 2001:db8::/32"
	trimmed := strings.TrimSpace(item)
	if trimmed == "" {
		return fmt.Errorf("item %d: got an empty item, %s: remove the extra comma or white space",
			number, want)
	}
	if trimmed != item {
		return fmt.Errorf("item %d: got %q, %s: remove the white space", number, item, want)
	}
	if addr, err := netip.ParseAddr(item); err == nil && addr.Zone() == "" {
		return fmt.Errorf("item %d: got the address %q, %s: write %s",
			number, item, want, netip.PrefixFrom(addr, addr.BitLen()))
	}
	return fmt.Errorf("item %d: got %q, %s", number, item, want)
}

// FormatPrefixes writes prefixes as Istio wants them, in canonical form:
// masked, and IPv4 for v4-mapped IPv6, which istio-init would hand to the
// wrong family's iptables.
func FormatPrefixes(prefixes []netip.Prefix) string {
	text := make([]byte, 0, 16*len(prefixes))
	for i, prefix := range prefixes {
		if i > 0 {
			text = append(text, ',')
		}
		text = CanonicalPrefix(prefix).AppendTo(text)
	}
	return string(text)
}

// UnionPrefixes is UnionPorts for prefixes; the result is in the canonical
// form of FormatPrefixes.
func UnionPrefixes(base, add []netip.Prefix) (union []netip.Prefix, grew bool) {
	return unionOf(canonicalPrefixes(base), canonicalPrefixes(add))
}

func canonicalPrefixes(prefixes []netip.Prefix) []netip.Prefix {
	canonical := make([]netip.Prefix, len(prefixes))
	for i, prefix := range prefixes {
		canonical[i] = CanonicalPrefix(prefix)
	}
	return canonical
}

// CanonicalPrefix masks a prefix and turns ::ffff:a.b.c.d/96+n into a.b.c.d/n.
// A v4-mapped prefix shorter than 96 bits holds other addresses too; masking
// leaves it no longer v4-mapped.
func CanonicalPrefix(prefix netip.Prefix) netip.Prefix {
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked()
}

// unionOf lists base, then what only add has, without duplicates.
func unionOf[T comparable](base, add []T) (union []T, grew bool) {
	union = distinct.Of(base, add)
	return union, len(union) > len(distinct.Of(base))
}
