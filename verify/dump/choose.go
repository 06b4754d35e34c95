package dump

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// ListenerFor is the listener that takes a captured connection: the one of the
// address that was dialled, else the one of the port on all addresses, else the
// one that iptables hand it to, or nil.
// Source: getBalancedHandlerByAddress in
// https://github.com/envoyproxy/envoy/blob/v1.36.4/source/common/listener_manager/connection_handler_impl.cc
func (d *Dump) ListenerFor(to netip.AddrPort) *Listener {
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	wildcard := any4
	if to.Addr().Is6() {
		wildcard = any6
	}
	var onPort, virtual *Listener
	for i := range d.Listeners {
		l := &d.Listeners[i]
		for _, at := range l.Addresses {
			switch {
			case at == to:
				return l
			case at == netip.AddrPortFrom(wildcard, to.Port()):
				onPort = l
			case l.OriginalDestination && l.Direction != "INBOUND":
				virtual = l
			}
		}
	}
	if onPort != nil {
		return onPort
	}
	return virtual
}

// ChainsFor are the filter chains that may take a connection. Envoy narrows by
// port, then by the longest prefix, and never goes back; what the application
// sends then decides among the rest.
// Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto#config-listener-v3-filterchainmatch
func (l *Listener) ChainsFor(to netip.AddrPort) []*Chain {
	var rest []*Chain
	var fallback *Chain
	for i := range l.Chains {
		if c := &l.Chains[i]; c.Default {
			fallback = c
		} else {
			rest = append(rest, c)
		}
	}
	rest = narrow(rest, func(c *Chain) int {
		switch c.Port {
		case to.Port():
			return 1
		case 0:
			return 0
		}
		return -1
	})
	rest = narrow(rest, func(c *Chain) int {
		if len(c.Prefixes) == 0 {
			return 0
		}
		longest := -1
		for _, p := range c.Prefixes {
			if p.Contains(to.Addr()) {
				longest = max(longest, p.Bits()+1)
			}
		}
		return longest
	})
	// What no chain is sure to take goes to the default one.
	sure := slices.ContainsFunc(rest, func(c *Chain) bool { return c.Condition() == "" })
	if !sure && fallback != nil {
		rest = append(rest, fallback)
	}
	return rest
}

// narrow keeps the chains of the highest score; those below 0 do not match.
func narrow(chains []*Chain, score func(*Chain) int) (best []*Chain) {
	highest := 0
	for _, c := range chains {
		switch s := score(c); {
		case s < highest:
		case s > highest:
			highest, best = s, []*Chain{c}
		default:
			best = append(best, c)
		}
	}
	return best
}

// Condition is what must hold for a chain beside the destination, in words;
// empty for nothing. The default chain takes what is left.
func (c *Chain) Condition() string {
	var parts []string
	if c.Default {
		parts = append(parts, "anything else")
	}
	if c.Transport == "tls" {
		parts = append(parts, "TLS")
	}
	if len(c.Protocols) > 0 {
		parts = append(parts, "protocol "+strings.Join(c.Protocols, " or "))
	}
	if c.Other {
		parts = append(parts, "further conditions (server name, source)")
	}
	if len(parts) == 0 && c.Transport != "" && c.Transport != "raw_buffer" {
		parts = append(parts, fmt.Sprintf("transport %q", c.Transport))
	}
	return strings.Join(parts, ", ")
}
