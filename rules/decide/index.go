package decide

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gaissmai/bart"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// index leads from what a pod is and shows to the few rules that may match it.
// Every rule is filed under one of its conditions, the one that it shares with
// the fewest other rules; the other conditions are left to compiled.match.
type index struct {
	always []int32 // rules without any condition to file under
	// What the three tables hold is one thing, the rules of a key. They are
	// apart because Go looks up numbers and texts far faster than structs.
	byText  [kinds]map[string][]int32
	byLabel [kinds]map[label][]int32
	byPort  map[uint32][]int32 // kind<<16 | port
	// byPrefix finds referencing rules by the address of a destination.
	byPrefix *bart.Table[[]int32]
	// prefixLengths are the lengths of all keyNamespacePrefix texts.
	prefixLengths []int
	// used has a bit for every kind of key that there is.
	used uint32
}

// key is one thing that a pod may be or show.
type key struct {
	kind  keyKind
	port  uint16
	text  string
	value string // of the label whose key is text
}

type keyKind uint8

const (
	keyNamespace       keyKind = iota // text is its name
	keyNamespacePrefix                // text is what names begin with
	keyPodLabel                       // text and value are the label
	keyNamespaceLabel                 // text and value are the label
	keyPort                           // port of any address
	keyNamePort                       // port of an address that is a name
	keyName                           // any address that is a name
	keyHost                           // text is the name
	keyHostSuffix                     // text is the labels that a name ends with
	keyOfKind                         // text is the middleware that any address is said to be
	keyUnresolvedPort                 // port of an address whose host is not known; 0: any
	keyUnresolvedKind                 // text is the middleware that such an address is said to be
	keyAddress                        // any address at all
	keyRule                           // text is the name of a rule, declared by annotation
	keyMiddleware                     // text is a name in the table of middleware, declared

	kinds = int(iota)
)

type label struct{ key, value string }

func newIndex(list []compiled) index {
	ix := index{byPort: map[uint32][]int32{}, byPrefix: new(bart.Table[[]int32])}
	filings := make([][]filing, len(list))
	shared := map[key]int{}
	sharedPrefixes := map[netip.Prefix]int{}
	for i := range list {
		filings[i] = list[i].filings()
		for _, f := range filings[i] {
			for _, k := range f.keys {
				shared[k]++
			}
			for _, p := range f.prefixes {
				sharedPrefixes[p]++
			}
		}
	}
	for i := range list {
		ix.file(int32(i), cheapest(filings[i], shared, sharedPrefixes))
		if list[i].Workloads.Referencing {
			ix.fileDeclared(int32(i), &list[i])
		}
	}
	for prefix := range ix.byText[keyNamespacePrefix] {
		if !slices.Contains(ix.prefixLengths, len(prefix)) {
			ix.prefixLengths = append(ix.prefixLengths, len(prefix))
		}
	}
	return ix
}

func (ix *index) file(rule int32, f *filing) {
	if f == nil {
		ix.always = append(ix.always, rule)
		return
	}
	for _, k := range f.keys {
		ix.put(k, rule)
	}
	for _, p := range f.prefixes {
		list, _ := ix.byPrefix.Get(p)
		ix.byPrefix.Insert(p, append(list, rule))
	}
}

// fileDeclared files a referencing rule under what compiled.declaredBy accepts.
func (ix *index) fileDeclared(rule int32, c *compiled) {
	ix.file(rule, &filing{keys: []key{{kind: keyRule, text: c.Name}}})
	for _, m := range rules.KnownMiddleware() {
		d := evidence.Declared{Middleware: m.Name, Port: m.Ports[0].First}
		if c.declaredBy(&d) {
			ix.file(rule, &filing{keys: []key{{kind: keyMiddleware, text: m.Name}}})
		}
	}
}

// has reports whether any rule is filed under this kind of key.
func (ix *index) has(kind keyKind) bool { return ix.used&(1<<kind) != 0 }

func (ix *index) get(k key) []int32 {
	if !ix.has(k.kind) {
		return nil
	}
	switch k.kind {
	case keyPort, keyNamePort, keyUnresolvedPort:
		return ix.byPort[uint32(k.kind)<<16|uint32(k.port)]
	case keyPodLabel, keyNamespaceLabel:
		return ix.byLabel[k.kind][label{k.text, k.value}]
	}
	return ix.byText[k.kind][k.text]
}

func (ix *index) put(k key, rule int32) {
	ix.used |= 1 << k.kind
	switch k.kind {
	case keyPort, keyNamePort, keyUnresolvedPort:
		n := uint32(k.kind)<<16 | uint32(k.port)
		ix.byPort[n] = append(ix.byPort[n], rule)
	case keyPodLabel, keyNamespaceLabel:
		if ix.byLabel[k.kind] == nil {
			ix.byLabel[k.kind] = map[label][]int32{}
		}
		l := label{k.text, k.value}
		ix.byLabel[k.kind][l] = append(ix.byLabel[k.kind][l], rule)
	default:
		if ix.byText[k.kind] == nil {
			ix.byText[k.kind] = map[string][]int32{}
		}
		ix.byText[k.kind][k.text] = append(ix.byText[k.kind][k.text], rule)
	}
}

// candidates appends every rule that may match the pod, in file order.
func (ix *index) candidates(f *facts, list []int32) []int32 {
	list = append(list, ix.always...)
	namespace := &f.pod.Namespace
	if ix.has(keyNamespace) {
		list = append(list, ix.get(key{kind: keyNamespace, text: namespace.Name})...)
	}
	for _, n := range ix.prefixLengths {
		if n <= len(namespace.Name) {
			list = append(list, ix.get(key{kind: keyNamespacePrefix, text: namespace.Name[:n]})...)
		}
	}
	if ix.has(keyPodLabel) {
		for name, value := range f.pod.Labels {
			list = append(list, ix.get(key{kind: keyPodLabel, text: name, value: value})...)
		}
	}
	if ix.has(keyNamespaceLabel) && namespace.Known {
		for name, value := range namespace.Labels {
			list = append(list, ix.get(key{kind: keyNamespaceLabel, text: name, value: value})...)
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
		list = append(list, ix.get(key{kind: keyRule, text: d.Name})...)
		if d.Middleware != "" {
			list = append(list, ix.get(key{kind: keyMiddleware, text: d.Middleware})...)
		}
	}
	if len(f.found.Addresses) > 0 {
		list = append(list, ix.get(key{kind: keyAddress})...)
	}
	for i := range f.found.Addresses {
		a := &f.found.Addresses[i]
		list = append(list, ix.get(key{kind: keyPort, port: a.Port})...)
		if a.Kind != "" {
			list = append(list, ix.get(key{kind: keyOfKind, text: a.Kind})...)
		}
		if a.Unresolved {
			list = append(list, ix.get(key{kind: keyUnresolvedPort})...)
			list = append(list, ix.get(key{kind: keyUnresolvedPort, port: a.Port})...)
			list = append(list, ix.get(key{kind: keyUnresolvedKind, text: a.Kind})...)
			continue
		}
		if a.IP.IsValid() {
			for _, rules := range ix.byPrefix.Supernets(netip.PrefixFrom(a.IP, a.IP.BitLen())) {
				list = append(list, rules...)
			}
			continue
		}
		list = append(list, ix.get(key{kind: keyName})...)
		list = append(list, ix.get(key{kind: keyNamePort, port: a.Port})...)
		list = append(list, ix.get(key{kind: keyHost, text: a.Host})...)
		for rest := a.Host; rest != "" && ix.has(keyHostSuffix); {
			_, rest, _ = strings.Cut(rest, ".")
			list = append(list, ix.get(key{kind: keyHostSuffix, text: rest})...)
		}
	}
	return list
}
