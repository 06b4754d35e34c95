package decide

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/ports"
)

// has says whether any rule is filed under this kind of key.
func (ix *index) has(kind keyKind) bool { return ix.used&(1<<kind) != 0 }

func (ix *index) get(k key) []int32 {
	if !ix.has(k.kind) {
		return nil
	}
	switch k.kind {
	case keyPort, keyNamePort:
		return ix.byPort[uint32(k.kind)<<16|uint32(k.port)]
	case keyPodLabel, keyNamespaceLabel:
		return ix.byLabel[k.kind][label{k.a, k.b}]
	}
	return ix.byText[k.kind][k.a]
}

func (ix *index) put(k key, rule int32) {
	ix.used |= 1 << k.kind
	switch k.kind {
	case keyPort, keyNamePort:
		n := uint32(k.kind)<<16 | uint32(k.port)
		ix.byPort[n] = append(ix.byPort[n], rule)
	case keyPodLabel, keyNamespaceLabel:
		if ix.byLabel[k.kind] == nil {
			ix.byLabel[k.kind] = map[label][]int32{}
		}
		l := label{k.a, k.b}
		ix.byLabel[k.kind][l] = append(ix.byLabel[k.kind][l], rule)
	default:
		if ix.byText[k.kind] == nil {
			ix.byText[k.kind] = map[string][]int32{}
		}
		ix.byText[k.kind][k.a] = append(ix.byText[k.kind][k.a], rule)
	}
}

// watchPorts notes which ports a referencing rule looks at; none means any.
func (ix *index) watchPorts(ranges []ports.Range) {
	if len(ranges) == 0 {
		ranges = []ports.Range{{First: 0, Last: 65535}}
	}
	for p := range ports.All(ranges) {
		ix.ports[p/64] |= 1 << (p % 64)
	}
}

// candidates appends every rule that may match the pod, in file order.
func (ix *index) candidates(f *facts, list []int32) []int32 {
	list = append(list, ix.always...)
	namespace := &f.pod.Namespace
	if ix.has(keyNamespace) {
		list = append(list, ix.get(key{kind: keyNamespace, a: namespace.Name})...)
	}
	for _, n := range ix.prefixLengths {
		if n <= len(namespace.Name) {
			list = append(list, ix.get(key{kind: keyNamespacePrefix, a: namespace.Name[:n]})...)
		}
	}
	if ix.has(keyPodLabel) {
		for name, value := range f.pod.Labels {
			list = append(list, ix.get(key{kind: keyPodLabel, a: name, b: value})...)
		}
	}
	if ix.has(keyNamespaceLabel) && namespace.Known {
		for name, value := range namespace.Labels {
			list = append(list, ix.get(key{kind: keyNamespaceLabel, a: name, b: value})...)
		}
	}
	if ix.has(keyRule) {
		list = ix.referencing(f, list)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// referencing appends the rules whose destinations the pod shows.
func (ix *index) referencing(f *facts, list []int32) []int32 {
	for i := range f.found.Declared {
		d := &f.found.Declared[i]
		list = append(list, ix.get(key{kind: keyRule, a: d.Name})...)
		if d.Middleware != "" {
			list = append(list, ix.get(key{kind: keyMiddleware, a: d.Middleware})...)
		}
	}
	if len(f.found.Addresses) > 0 {
		list = append(list, ix.get(key{kind: keyAddress})...)
	}
	for i := range f.found.Addresses {
		a := &f.found.Addresses[i]
		if ix.ports[a.Port/64]&(1<<(a.Port%64)) == 0 {
			continue
		}
		list = append(list, ix.get(key{kind: keyPort, port: a.Port})...)
		if a.IP.IsValid() {
			if ix.byPrefix.Size() > 0 {
				for _, rules := range ix.byPrefix.Supernets(netip.PrefixFrom(a.IP, a.IP.BitLen())) {
					list = append(list, rules...)
				}
			}
			continue
		}
		list = append(list, ix.get(key{kind: keyName})...)
		list = append(list, ix.get(key{kind: keyNamePort, port: a.Port})...)
		list = append(list, ix.get(key{kind: keyHost, a: a.Host})...)
		for rest := a.Host; rest != "" && ix.has(keyHostSuffix); {
			_, rest, _ = strings.Cut(rest, ".")
			list = append(list, ix.get(key{kind: keyHostSuffix, a: rest})...)
		}
	}
	return list
}
