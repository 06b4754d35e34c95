package decide

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/holdfast-mesh/holdfast/rules"
)

// hashLength is the length of hashes in bytes; texts are twice as long. 64 bits
// tell policies and outcomes apart; nothing secret hangs on them.
const hashLength = 8

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:hashLength])
}

// hashOf is over what decides. Positions and descriptions are left out; every
// list is preceded by its length, so that no two policies read the same.
func hashOf(f *rules.File) string {
	var c canonical
	c.text(string(f.Mode), f.Mesh.RootNamespace)
	c.number(len(f.Mesh.ExcludeOutboundPorts))
	for _, p := range f.Mesh.ExcludeOutboundPorts {
		c.number(int(p))
	}
	c.prefixes(f.Mesh.ExcludeOutboundIPRanges)
	c.number(len(f.Rules))
	for i := range f.Rules {
		c.rule(&f.Rules[i])
	}
	c.number(len(f.Gateways))
	for i := range f.Gateways {
		g := &f.Gateways[i]
		c.text(g.Name, g.Namespace, g.Keepalive.String())
		c.labels(g.Selector)
		c.number(len(g.Ports))
		for _, p := range g.Ports {
			c.number(int(p))
		}
	}
	return hexHash(c)
}

// canonical is a policy as unambiguous bytes.
type canonical []byte

func (c *canonical) number(n int) {
	*c = append(strconv.AppendInt(*c, int64(n), 10), ' ')
}

func (c *canonical) text(list ...string) {
	for _, s := range list {
		c.number(len(s))
		*c = append(*c, s...)
	}
}

func (c *canonical) list(list []string) {
	c.number(len(list))
	c.text(list...)
}

func (c *canonical) prefixes(list []netip.Prefix) {
	c.number(len(list))
	for _, p := range list {
		*c = append(p.AppendTo(*c), ' ')
	}
}

func (c *canonical) labels(m map[string]string) {
	c.number(len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		c.text(key, m[key])
	}
}

func (c *canonical) selector(s *rules.Selector) {
	if s == nil {
		c.number(0)
		return
	}
	c.number(1)
	c.labels(s.MatchLabels)
	c.number(len(s.MatchExpressions))
	for _, r := range s.MatchExpressions {
		c.text(r.Key, r.Operator)
		c.list(r.Values)
	}
}

func (c *canonical) duration(d *time.Duration) {
	if d == nil {
		c.number(-1)
		return
	}
	c.number(int(*d))
}

func (c *canonical) rule(r *rules.Rule) {
	c.text(r.Name, string(r.Mode))
	c.list(r.Destinations.Middleware)
	c.number(len(r.Destinations.Ports))
	for _, p := range r.Destinations.Ports {
		c.number(int(p.First))
		c.number(int(p.Last))
	}
	c.prefixes(r.Destinations.CIDRs)
	c.list(r.Destinations.Hosts)
	c.list(r.Workloads.Namespaces)
	c.selector(r.Workloads.NamespaceSelector)
	c.selector(r.Workloads.PodSelector)
	c.text(strconv.FormatBool(r.Workloads.Referencing))
	c.duration(r.Strategy.IdleTimeout)
	c.text(string(r.Strategy.Scope), string(r.Strategy.Bypass))
	if k := r.Strategy.Keepalive; k != nil {
		c.text(k.String())
	} else {
		c.number(0)
	}
	c.duration(r.Strategy.DrainDuration)
}
