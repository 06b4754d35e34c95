package dump

import (
	"iter"
	"slices"
)

// BlackHole is the cluster by which istiod says that connections are refused.
const BlackHole = "BlackHoleCluster"

// Carrier is a filter that carries connections, and where it stands.
type Carrier struct {
	*Listener
	Chain  *Chain
	Filter *Filter // TCPProxy or HTTP
}

// Place names it: "virtualOutbound, chain virtualOutbound-catchall-tcp".
func (c Carrier) Place() string {
	if c.Chain.Name == "" {
		return c.Listener.Name
	}
	return c.Listener.Name + ", chain " + c.Chain.Name
}

// Carriers are those of every listener that istiod made. What leads into BlackHole is
// left out: nothing is carried there.
func (d *Dump) Carriers() iter.Seq[Carrier] {
	return func(yield func(Carrier) bool) {
		for i := range d.Listeners {
			l := &d.Listeners[i]
			if l.Static {
				continue
			}
			for j := range l.Chains {
				f := l.Chains[j].Carrier()
				if f != nil && !slices.Contains(f.Clusters, BlackHole) && !yield(Carrier{l, &l.Chains[j], f}) {
					return
				}
			}
		}
	}
}

// Carrier is the filter that carries a chain's connections, or nil.
func (c *Chain) Carrier() *Filter {
	for i := range c.Filters {
		if f := &c.Filters[i]; f.Kind == TCPProxy || f.Kind == HTTP {
			return f
		}
	}
	return nil
}
