package decide

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gaissmai/bart"

	"github.com/holdfast-mesh/holdfast/internal/ports"
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
	// ports are those that any referencing rule looks at, as a set of bits.
	ports [1 << 16 / 64]uint64
	// byPrefix finds referencing rules by the address of a destination.
	byPrefix *bart.Table[[]int32]
	// prefixLengths are the lengths of all keyNamespacePrefix texts.
	prefixLengths []int
	// used has a bit for every kind of key that there is.
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

	kinds = int(iota)
)

type key struct {
	kind keyKind
	port uint16
	a, b string
}

type label struct{ key, value string }

// filing is one condition of a rule: the keys of which a matching pod has at
// least one.
type filing struct {
	keys     []key
	prefixes []netip.Prefix
}

// maxKeys bounds what one rule adds to the index.
const maxKeys = 256

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
			ix.watchPorts(list[i].Destinations.Ports)
		}
	}
	for prefix := range ix.byText[keyNamespacePrefix] {
		if !slices.Contains(ix.prefixLengths, len(prefix)) {
			ix.prefixLengths = append(ix.prefixLengths, len(prefix))
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
		if r.Operator != rules.OpIn || len(r.Values) > maxKeys {
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
func filingsOfDestinations(d *rules.Destinations) []filing {
	var list []filing
	var few []uint16
	if n := ports.Count(d.Ports); n > 0 && n <= maxKeys {
		few = slices.Collect(ports.All(d.Ports))
		list = append(list, filing{keys: portKeys(keyPort, few)})
	}
	if len(d.Hosts)+len(d.CIDRs) > 0 {
		f := filing{prefixes: d.CIDRs}
		for _, glob := range d.Hosts {
			if strings.Contains(glob, "*") {
				f.keys = append(f.keys, key{kind: keyHostSuffix, a: rules.HostSuffix(glob)})
			} else {
				f.keys = append(f.keys, key{kind: keyHost, a: glob})
			}
		}
		switch {
		case len(d.Hosts) > 0:
		case len(few) > 0:
			f.keys = portKeys(keyNamePort, few)
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
		ix.put(k, rule)
	}
	for _, p := range f.prefixes {
		list, _ := ix.byPrefix.Get(p)
		ix.byPrefix.Insert(p, append(list, rule))
	}
}

// fileDeclared files a referencing rule under what compiled.declaredBy accepts.
func (ix *index) fileDeclared(rule int32, c *compiled) {
	ix.file(rule, &filing{keys: []key{{kind: keyRule, a: c.Name}}})
	for _, m := range rules.KnownMiddleware() {
		d := evidence.Declared{Middleware: m.Name, Port: m.Ports[0].First}
		if c.declaredBy(&d) {
			ix.file(rule, &filing{keys: []key{{kind: keyMiddleware, a: m.Name}}})
		}
	}
}
