package istio

import "net/netip"

// ParsePorts reads the value of ExcludeOutboundPortsAnnotation as Istio's
// injector does: a comma list of 0-65535, white space around items tolerated,
// no ranges, no "*", no empty item. An empty value is an empty list. The error
// says which item Istio would reject and how to write it. Order and duplicates
// are kept.
func ParsePorts(value string) ([]uint16, error) { panic("skeleton") }

// FormatPorts writes ports as Istio wants them: "3306,6379".
func FormatPorts(ports []uint16) string { panic("skeleton") }

// UnionPorts appends to base those of add that it lacks, in the order given.
// The result has no duplicates. grew says whether add brought anything new.
func UnionPorts(base, add []uint16) (union []uint16, grew bool) { panic("skeleton") }

// ParsePrefixes reads the value of ExcludeOutboundIPRangesAnnotation as
// Istio's injector does: a comma list of CIDRs, no white space, no bare
// addresses, no "*". An empty value is an empty list.
func ParsePrefixes(value string) ([]netip.Prefix, error) { panic("skeleton") }

// FormatPrefixes writes masked prefixes as Istio wants them.
func FormatPrefixes(prefixes []netip.Prefix) string { panic("skeleton") }

// UnionPrefixes is UnionPorts for masked prefixes.
func UnionPrefixes(base, add []netip.Prefix) (union []netip.Prefix, grew bool) { panic("skeleton") }
