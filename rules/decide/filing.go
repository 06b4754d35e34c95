package decide

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
)

// filing is one condition of a rule: the keys of which a matching pod has at
// least one.
type filing struct {
	keys     []key
	prefixes []netip.Prefix
}

// maxKeys bounds what one rule adds to the index.
const maxKeys = 256

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
			f.keys = append(f.keys, key{kind: keyNamespace, text: glob})
		case prefix != "":
			f.keys = append(f.keys, key{kind: keyNamespacePrefix, text: prefix})
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
			f.keys = append(f.keys, key{kind: kind, text: r.Key, value: value})
		}
		list = append(list, f)
	}
	return list
}

// filingsOfDestinations files by port or kind, and by host and CIDR. A rule with only
// CIDRs is also met by every name on its ports or of its kinds, and one with either by
// hosts that are not known.
func filingsOfDestinations(d *rules.Destinations) []filing {
	var list []filing
	narrowed := len(d.Hosts)+len(d.CIDRs) > 0
	var few []uint16
	if n := ports.Count(d.Ports); n > 0 && n <= maxKeys {
		few = slices.Collect(ports.All(d.Ports))
		f := filing{keys: append(portKeys(keyPort, few), kindKeys(keyOfKind, d)...)}
		if narrowed {
			f.keys = append(f.keys, key{kind: keyPort}) // the port is not known
		}
		list = append(list, f)
	}
	if narrowed {
		f := filing{prefixes: d.CIDRs}
		for _, glob := range d.Hosts {
			if strings.Contains(glob, "*") {
				f.keys = append(f.keys, key{kind: keyHostSuffix, text: rules.HostSuffix(glob)})
			} else {
				f.keys = append(f.keys, key{kind: keyHost, text: glob})
			}
		}
		switch {
		case len(d.Hosts) > 0:
		case len(few) > 0:
			f.keys = append(portKeys(keyNamePort, few), kindKeys(keyOfKind, d)...)
		default:
			f.keys = []key{{kind: keyName}}
		}
		switch {
		case len(few) > 0:
			f.keys = append(f.keys, portKeys(keyUnresolvedPort, few)...)
		case len(d.Ports) > 0:
			f.keys = append(f.keys, key{kind: keyUnresolvedPort})
		}
		f.keys = append(f.keys, kindKeys(keyUnresolvedKind, d)...)
		list = append(list, f)
	}
	if len(list) == 0 {
		list = append(list, filing{keys: []key{{kind: keyAddress}}})
	}
	return list
}

func kindKeys(kind keyKind, d *rules.Destinations) []key {
	var keys []key
	for _, name := range d.Middleware {
		keys = append(keys, key{kind: kind, text: name})
	}
	return keys
}

func portKeys(kind keyKind, ports []uint16) []key {
	keys := make([]key, len(ports))
	for i, p := range ports {
		keys[i] = key{kind: kind, port: p}
	}
	return keys
}

// cheapest chooses the filing whose fullest key has the fewest rules. Kinds, names
// that meet rules with only CIDRs, and what is not known do not count: all those rules
// match anyway, or are few.
func cheapest(list []filing, shared map[key]int, sharedPrefixes map[netip.Prefix]int) *filing {
	var best *filing
	least := 0
	for i := range list {
		fullest := 0
		for _, k := range list[i].keys {
			switch k.kind {
			case keyNamePort, keyName, keyOfKind, keyUnresolvedPort, keyUnresolvedKind:
				continue
			case keyPort:
				if k.port == 0 {
					continue
				}
			}
			fullest = max(fullest, shared[k])
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
