package verify

import (
	"fmt"
	"slices"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// gatewayKeepalive looks at the keepalive that a gateway's clients meet.
func (c *checker) gatewayKeepalive() {
	if c.Rules == nil {
		if c.gateway {
			c.add(Finding{Aspect: GatewayKeepalive, Status: NotSeen, Detail: "what a gateway should have stands in the rules, not in its annotations: " + c.listenersNow(), Fix: "give the rules with -f"})
		}
		return
	}
	asked := false
	for i := range c.Rules.Gateways {
		g := &c.Rules.Gateways[i]
		if g.Keepalive.Time != 0 && g.Namespace == c.Pod.Namespace.Name && selects(g.Selector, c.Pod.Labels) {
			asked = true
			c.oneGateway(g)
		}
	}
	if !asked && c.gateway {
		c.add(Finding{Aspect: GatewayKeepalive, Status: NotAskedFor, Detail: "no entry of gateways selects this pod: " + c.listenersNow()})
	}
}

// selects reports whether labels has every pair of selector.
func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return true
}

func (c *checker) oneGateway(g *rules.Gateway) {
	if c.Dump.Listeners == nil {
		c.add(Finding{Aspect: GatewayKeepalive, Status: NotSeen, Detail: "the dump has no listeners"})
		return
	}
	object := istio.GatewayObjectPrefix + g.Name
	want := dump.Keepalive{Time: uint32(g.Keepalive.Time), Interval: uint32(g.Keepalive.Interval), Probes: uint32(g.Keepalive.Probes)}
	var right int
	for _, port := range g.Ports {
		listener := c.listenerOn(port)
		if listener == nil {
			c.add(Finding{
				Aspect: GatewayKeepalive, Status: NotInForce, Code: ListenerMissing,
				Detail: fmt.Sprintf("entry %s: the gateway has no listener on port %d", g.Name, port),
				Fix:    "give the port that the pod listens on, which may not be that of its Service (targetPort)",
			})
			continue
		}
		switch has := downstream(listener); {
		case has == nil:
			c.add(Finding{
				Aspect: GatewayKeepalive, Status: NotInForce, Code: KeepaliveMissing, Where: []string{listener.Name},
				Detail: fmt.Sprintf("entry %s: connections of clients on port %d have no keepalive", g.Name, port),
				Fix:    fmt.Sprintf("apply %s in namespace %s (holdfast render -f RULES | kubectl apply -f -)", object, g.Namespace),
			})
		case *has != want:
			c.add(Finding{
				Aspect: GatewayKeepalive, Status: Overridden, Code: KeepaliveOverridden, Where: []string{listener.Name},
				Detail: fmt.Sprintf("entry %s: connections of clients on port %d have %s instead of %s", g.Name, port, sayKeepalive(has), g.Keepalive),
				Fix: fmt.Sprintf("apply %s as the rules now have it (holdfast render), or find the EnvoyFilter that comes after it (kubectl get envoyfilters -n %s)",
					object, g.Namespace),
			})
		default:
			right++
		}
	}
	if right == len(g.Ports) {
		c.add(Finding{Aspect: GatewayKeepalive, Status: InForce, Detail: fmt.Sprintf("entry %s: %s on all %d ports", g.Name, g.Keepalive, right)})
	}
}

func (c *checker) listenerOn(port uint16) *dump.Listener {
	for i := range c.Dump.Listeners {
		if l := &c.Dump.Listeners[i]; !l.Static && len(l.Addresses) > 0 && l.Addresses[0].Port() == port {
			return l
		}
	}
	return nil
}

// downstream is the keepalive of connections that a listener takes, nil for none.
func downstream(l *dump.Listener) *dump.Keepalive {
	on, k := false, dump.Keepalive{}
	// In order: the last one of a name counts, as for setsockopt.
	for _, o := range l.SocketOptions {
		value := uint32(o.Value)
		switch {
		case mesh.SOKeepalive.Is(o.Level, o.Name):
			on = value != 0
		case mesh.TCPKeepIdle.Is(o.Level, o.Name):
			k.Time = value
		case mesh.TCPKeepIntvl.Is(o.Level, o.Name):
			k.Interval = value
		case mesh.TCPKeepCnt.Is(o.Level, o.Name):
			k.Probes = value
		}
	}
	if on {
		return &k
	}
	return l.Keepalive
}

// listenersNow says what the gateway's listeners have.
func (c *checker) listenersNow() string {
	with := []string{}
	for i := range c.Dump.Listeners {
		if k := downstream(&c.Dump.Listeners[i]); k != nil {
			with = append(with, c.Dump.Listeners[i].Name+" has "+sayKeepalive(k))
		}
	}
	if len(with) == 0 {
		return "none of its listeners has keepalive"
	}
	slices.Sort(with)
	return fmt.Sprintf("%d of its listeners have keepalive, %s", len(with), with[0])
}
