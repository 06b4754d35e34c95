package rules

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gaissmai/bart"
)

// index leads from what a pod is and shows to the few rules that may match it.
// Every rule is filed under one of its conditions, the one that it shares with
// the fewest other rules; the other conditions are left to compiled.match.
type index struct {
	always []int32 // rules without any condition to file under
	byKey  map[key][]int32
	// byPrefix finds referencing rules by the address of a destination.
	byPrefix *bart.Table[[]int32]
	// prefixLengths are the lengths of all keyNamespacePrefix texts.
	prefixLengths []int
	// used has a bit for every kind of key in byKey.
	used uint32
}

type keyKind uint8

const (
	keyNamespace       keyKind = iota // a: its name
	keyNamespacePrefix                // a: what names begin with
	keyPodLabel                       // a: key, b: value
	keyNamespaceLabel                 // a: key, b: value
	keyPort                           // port of any address
	keyNamePort                       // port of an address that is a name
	keyName                           // any address that is a name
	keyHost                           // a: the name
	keyHostSuffix                     // a: labels that a name ends with
	keyAddress                        // any address at all
	keyRule                           // a: name of the rule, declared by annotation
	keyMiddleware                     // a: name in the table of middleware, declared
)

type key struct {
	kind keyKind
	port uint16
	a, b string
}

// filing is one condition of a rule: the keys of which a matching pod has at
// least one.
type filing struct {
	keys     []key
	prefixes []netip.Prefix
}

// maxKeys bounds what one rule adds to the index.
const maxKeys = 256

func newIndex(list []compiled) index {
	ix := index{byKey: map[key][]int32{}, byPrefix: new(bart.Table[[]int32])}
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
	for k := range ix.byKey {
		ix.used |= 1 << k.kind
		if n := len(k.a); k.kind == keyNamespacePrefix && !slices.Contains(ix.prefixLengths, n) {
			ix.prefixLengths = append(ix.prefixLengths, n)
		}
	}
	return ix
}

// filings lists the conditions that a rule may be filed under.
func (c *compiled) filings() []filing {
	var list []filing
	if f, ok := filingOfNamespaces(c.Workloads.Namespaces); ok {
		list = append(list, f)
	}
	list = append(list, filingsOfSelector(c.pods, keyPodLabel)...)
	list = append(list, filingsOfSelector(c.namespaces, keyNamespaceLabel)...)
	if c.Workloads.Referencing {
		list = append(list, filingsOfDestinations(&c.Destinations)...)
	}
	return list
}

func filingOfNamespaces(globs []string) (filing, bool) {
	var f filing
	for _, glob := range globs {
		prefix, _, isGlob := strings.Cut(glob, "*")
		switch {
		case !isGlob:
			f.keys = append(f.keys, key{kind: keyNamespace, a: glob})
		case prefix != "":
			f.keys = append(f.keys, key{kind: keyNamespacePrefix, a: prefix})
		default:
			return filing{}, false
		}
	}
	return f, len(globs) > 0
}

func filingsOfSelector(s selector, kind keyKind) []filing {
	var list []filing
	for _, r := range s {
		if r.Operator != opIn || len(r.Values) > maxKeys {
			continue
		}
		var f filing
		for _, value := range r.Values {
			f.keys = append(f.keys, key{kind: kind, a: r.Key, b: value})
		}
		list = append(list, f)
	}
	return list
}

// filingsOfDestinations files by port, and by host and CIDR. A rule with only
// CIDRs is also met by every name on its ports.
func filingsOfDestinations(d *Destinations) []filing {
	var list []filing
	var ports []uint16
	if n := countPorts(d.Ports); n > 0 && n <= maxKeys {
		ports = expandPorts(d.Ports)
		list = append(list, filing{keys: portKeys(keyPort, ports)})
	}
	if len(d.Hosts)+len(d.CIDRs) > 0 {
		f := filing{prefixes: d.CIDRs}
		for _, glob := range d.Hosts {
			if strings.Contains(glob, "*") {
				f.keys = append(f.keys, key{kind: keyHostSuffix, a: hostSuffix(glob)})
			} else {
				f.keys = append(f.keys, key{kind: keyHost, a: glob})
			}
		}
		switch {
		case len(d.Hosts) > 0:
		case len(ports) > 0:
			f.keys = portKeys(keyNamePort, ports)
		default:
			f.keys = []key{{kind: keyName}}
		}
		list = append(list, f)
	}
	if len(list) == 0 {
		list = append(list, filing{keys: []key{{kind: keyAddress}}})
	}
	return list
}

func portKeys(kind keyKind, ports []uint16) []key {
	keys := make([]key, len(ports))
	for i, p := range ports {
		keys[i] = key{kind: kind, port: p}
	}
	return keys
}

// cheapest chooses the filing whose fullest key has the fewest rules. Names
// that meet rules with only CIDRs do not count: all those rules match anyway.
func cheapest(list []filing, shared map[key]int, sharedPrefixes map[netip.Prefix]int) *filing {
	var best *filing
	least := 0
	for i := range list {
		fullest := 0
		for _, k := range list[i].keys {
			if k.kind != keyNamePort && k.kind != keyName {
				fullest = max(fullest, shared[k])
			}
		}
		for _, p := range list[i].prefixes {
			fullest = max(fullest, sharedPrefixes[p])
		}
		if best == nil || fullest < least {
			best, least = &list[i], fullest
		}
	}
	return best
}

func (ix *index) file(rule int32, f *filing) {
	if f == nil {
		ix.always = append(ix.always, rule)
		return
	}
	for _, k := range f.keys {
		ix.byKey[k] = append(ix.byKey[k], rule)
	}
	for _, p := range f.prefixes {
		list, _ := ix.byPrefix.Get(p)
		ix.byPrefix.Insert(p, append(list, rule))
	}
}

// fileDeclared files a referencing rule under what compiled.declaredBy accepts.
func (ix *index) fileDeclared(rule int32, c *compiled) {
	ix.file(rule, &filing{keys: []key{{kind: keyRule, a: c.Name}}})
	for _, m := range KnownMiddleware() {
		d := declaration{middleware: m.Name, port: m.Ports[0].First}
		if c.declaredBy(&d) {
			ix.file(rule, &filing{keys: []key{{kind: keyMiddleware, a: m.Name}}})
		}
	}
}

// has says whether any rule is filed under this kind of key.
func (ix *index) has(kind keyKind) bool { return ix.used&(1<<kind) != 0 }

func (ix *index) get(k key) []int32 {
	if !ix.has(k.kind) {
		return nil
	}
	return ix.byKey[k]
}

// candidates appends every rule that may match the pod, in file order.
func (ix *index) candidates(f *facts, v *vocabulary, list []int32) []int32 {
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
		for label, value := range f.pod.Labels {
			list = append(list, ix.get(key{kind: keyPodLabel, a: label, b: value})...)
		}
	}
	if ix.has(keyNamespaceLabel) && namespace.Known {
		for label, value := range namespace.Labels {
			list = append(list, ix.get(key{kind: keyNamespaceLabel, a: label, b: value})...)
		}
	}
	if ix.has(keyRule) {
		f.scan(v)
		list = ix.referencing(f, list)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// referencing appends the rules whose destinations the pod shows.
func (ix *index) referencing(f *facts, list []int32) []int32 {
	for i := range f.declared {
		d := &f.declared[i]
		list = append(list, ix.get(key{kind: keyRule, a: d.name})...)
		if d.middleware != "" {
			list = append(list, ix.get(key{kind: keyMiddleware, a: d.middleware})...)
		}
	}
	if len(f.scanner.addresses) > 0 {
		list = append(list, ix.get(key{kind: keyAddress})...)
	}
	for i := range f.scanner.addresses {
		a := &f.scanner.addresses[i]
		list = append(list, ix.get(key{kind: keyPort, port: a.port})...)
		if a.ip.IsValid() {
			if ix.byPrefix.Size() > 0 {
				for _, rules := range ix.byPrefix.Supernets(netip.PrefixFrom(a.ip, a.ip.BitLen())) {
					list = append(list, rules...)
				}
			}
			continue
		}
		list = append(list, ix.get(key{kind: keyName})...)
		list = append(list, ix.get(key{kind: keyNamePort, port: a.port})...)
		list = append(list, ix.get(key{kind: keyHost, a: a.host})...)
		for rest := a.host; rest != "" && ix.has(keyHostSuffix); {
			_, rest, _ = strings.Cut(rest, ".")
			list = append(list, ix.get(key{kind: keyHostSuffix, a: rest})...)
		}
	}
	return list
}
