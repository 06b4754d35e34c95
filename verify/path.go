package verify

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/verify/capture"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// Path is the way of one connection that an application of the pod opens.
type Path struct {
	To string `json:"to"`
	// Sidecar: iptables hand the connection to Envoy.
	Sidecar bool   `json:"sidecar"`
	Why     string `json:"why"`
	// Listener takes it; empty without a sidecar.
	Listener string `json:"listener,omitempty"`
	// Branches are what may become of it: more than one where the choice depends
	// on what the application sends.
	Branches []Branch `json:"branches,omitempty"`
	// Drain is how long it outlives a change of its listener, such as "45s".
	Drain string `json:"drain,omitempty"`
	// Cuts says what may end the connection, and when.
	Cuts []string `json:"cuts"`
}

// Branch is one filter chain that may take the connection.
type Branch struct {
	// When is what the application must send for it; empty: anything.
	When  string    `json:"when,omitempty"`
	Chain string    `json:"chain,omitempty"`
	Kind  dump.Kind `json:"kind"`
	// Clusters are where it leads; none for HTTP, where the route decides.
	Clusters []string `json:"clusters,omitempty"`
	// IdleTimeout is when Envoy closes it without traffic; By says who set that.
	IdleTimeout string `json:"idleTimeout"`
	By          string `json:"by"`
	MaxDuration string `json:"maxDuration,omitempty"`
	// Keepalive is that of the connection to the server, as seen in the clusters.
	Keepalive string `json:"keepalive"`

	idle  time.Duration // 0: none
	ended string        // why it does not live at all
}

// Follow walks the way of a connection as iptables and Envoy choose it. Check must
// have accepted the input.
func Follow(in Input, to netip.AddrPort) *Path {
	// What the application dials appears to Envoy without the v4-in-v6 form.
	to = netip.AddrPortFrom(to.Addr().Unmap().WithZone(""), to.Port())
	c := &checker{Input: in}
	p := &Path{To: to.String()}
	if n := in.Dump.Node; n != nil && isGateway(n) {
		p.Why = "this is a gateway or a waypoint: its connections are those of its clients, and no application opens any"
		p.Cuts = []string{"see the findings: its listeners have the idle timeout, drain time and keepalive that clients meet"}
		return p
	}
	if p.Sidecar, p.Why = c.captures().Way(to); p.Sidecar {
		c.through(p, to)
		return p
	}
	p.Cuts = []string{
		"nothing of Istio: no idle timeout and no change of the mesh touches it",
		"a NAT or load balancer that forgets idle connections: only the application's own keepalive prevents that",
		"the server's own timeout, and the end of the pod",
	}
	return p
}

// through is the way through Envoy.
func (c *checker) through(p *Path, to netip.AddrPort) {
	if c.Dump.Listeners == nil {
		p.Cuts = []string{"what Envoy does with it was not to be seen: the dump has no listeners"}
		return
	}
	l := c.Dump.ListenerFor(to)
	if l == nil {
		p.Cuts = []string{"it is refused: no listener takes it"}
		return
	}
	p.Listener = l.Name
	s := c.scoped()
	for _, chain := range l.ChainsFor(to) {
		p.Branches = append(p.Branches, c.branch(chain, to, s))
	}
	if len(p.Branches) > 1 {
		for i := range p.Branches {
			p.Branches[i].When = cmp.Or(p.Branches[i].When, "anything else")
		}
	}
	c.cuts(p)
}

// captures is what captures traffic. Istio CNI reads the annotations themselves.
func (c *checker) captures() *capture.Capture {
	in := capture.Read(c.Pod)
	if in.Container != capture.Validation {
		return &in
	}
	if ports, err := istio.ParsePorts(c.Pod.Annotations[istio.ExcludeOutboundPortsAnnotation]); err == nil && ports != nil {
		in.ExcludePorts = ports
	}
	if prefixes, err := istio.ParsePrefixes(c.Pod.Annotations[istio.ExcludeOutboundIPRangesAnnotation]); err == nil && prefixes != nil {
		in.ExcludeCIDRs = prefixes
	}
	return &in
}

// branch says what one chain does with the connection.
func (c *checker) branch(chain *dump.Chain, to netip.AddrPort, s scope) Branch {
	b := Branch{When: chain.Condition(), Chain: chain.Name}
	f := chain.Carrier()
	if f == nil {
		b.IdleTimeout, b.ended = "unknown", "what this chain does is unknown to holdfast"
		return b
	}
	b.Kind, b.Clusters = f.Kind, f.Clusters
	b.idle, b.By = orDefault(f.IdleTimeout), "the listener"
	if f.IdleTimeout == nil {
		b.By = "Envoy's default"
	}
	if f.Kind == dump.TCPProxy {
		b.perConnection(chain, to, s)
	}
	b.IdleTimeout = sayTimeout(&b.idle)
	if f.MaxDuration != nil && *f.MaxDuration > 0 {
		b.MaxDuration = istio.FormatDuration(*f.MaxDuration)
	}
	b.Keepalive = c.keepaliveOf(f.Clusters)
	for _, name := range f.Clusters {
		if name == dump.BlackHole {
			b.ended = "it is refused: it leads into " + dump.BlackHole
		}
	}
	return b
}

// perConnection puts the timeout of holdfast's filter in, where it applies.
func (b *Branch) perConnection(chain *dump.Chain, to netip.AddrPort, s scope) {
	ours, sets := state(chain)
	switch {
	case sets && !ours:
		b.By += ", unless a filter of somebody else sets another for this connection"
	case ours && s.problem == nil:
		for _, pattern := range s.patterns {
			if pattern.MatchString(to.String()) {
				b.idle, b.By = s.timeout, "holdfast's pattern "+pattern.String()
				return
			}
		}
		b.By += "; no pattern of holdfast matches " + to.String()
	}
}

// keepaliveOf says what connections to these clusters have.
func (c *checker) keepaliveOf(clusters []string) string {
	if len(clusters) == 0 {
		return "unknown, the route decides"
	}
	says := ""
	for _, name := range clusters {
		cluster, ok := c.Dump.Clusters[name]
		say := sayKeepalive(cluster.Keepalive)
		if !ok {
			say = "unknown, the dump does not show cluster " + name
		}
		if says != "" && says != say {
			return "different ones, by cluster"
		}
		says = say
	}
	return says
}

// cuts says what may end the connection. Several branches say so one by one.
func (c *checker) cuts(p *Path) {
	say := func(format string, args ...any) { p.Cuts = append(p.Cuts, fmt.Sprintf(format, args...)) }
	alive := false
	for i := range p.Branches {
		b := &p.Branches[i]
		when := ""
		if len(p.Branches) > 1 {
			when = "as " + string(b.Kind) + ": "
		}
		if b.ended != "" {
			say("%s%s", when, b.ended)
			continue
		}
		alive = true
		if b.idle > 0 {
			say("%sthe sidecar's idle timer, after %s without a byte (keepalive probes carry none)", when, istio.FormatDuration(b.idle))
		}
		if b.MaxDuration != "" {
			say("%sits age: %s, whatever it does", when, b.MaxDuration)
		}
		if b.Keepalive == sayKeepalive(nil) {
			say("%sa NAT or load balancer on the way that forgets idle connections: the sidecar sends no keepalive probes", when)
		}
	}
	if len(p.Branches) == 0 {
		say("it is refused: no filter chain of %s takes it", p.Listener)
	}
	if !alive {
		return
	}
	drain, seen := c.drain()
	if seen == "" {
		drain, seen = istioDrain, "Istio's default; what holds here was not to be seen"
	}
	p.Drain = istio.FormatDuration(drain)
	say("a change of the mesh's configuration that touches this listener: %s later, busy or not (%s)", p.Drain, seen)
	say("the server's own timeout, and the end of the pod")
}
