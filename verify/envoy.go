package verify

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// listenerFor is the listener that takes a captured connection: the one of the
// address that was dialled, else the one of the port on all addresses, else the
// one that iptables hand it to, or nil.
// Source: getBalancedHandlerByAddress in
// https://github.com/envoyproxy/envoy/blob/v1.36.4/source/common/listener_manager/connection_handler_impl.cc
func listenerFor(d *dump.Dump, to netip.AddrPort) *dump.Listener {
	any4, any6 := netip.IPv4Unspecified(), netip.IPv6Unspecified()
	wildcard := any4
	if to.Addr().Is6() {
		wildcard = any6
	}
	var onPort, virtual *dump.Listener
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

// chainsFor are the filter chains that may take a connection. Envoy narrows by
// port, then by the longest prefix, and never goes back; what the application
// sends then decides among the rest.
// Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto#config-listener-v3-filterchainmatch
func chainsFor(l *dump.Listener, to netip.AddrPort) []*dump.Chain {
	var rest []*dump.Chain
	var fallback *dump.Chain
	for i := range l.Chains {
		if c := &l.Chains[i]; c.Default {
			fallback = c
		} else {
			rest = append(rest, c)
		}
	}
	rest = narrow(rest, func(c *dump.Chain) int {
		switch c.Port {
		case to.Port():
			return 1
		case 0:
			return 0
		}
		return -1
	})
	rest = narrow(rest, func(c *dump.Chain) int {
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
	sure := slices.ContainsFunc(rest, func(c *dump.Chain) bool { return condition(c) == "" })
	if !sure && fallback != nil {
		rest = append(rest, fallback)
	}
	return rest
}

// narrow keeps the chains of the highest score; those below 0 do not match.
func narrow(chains []*dump.Chain, score func(*dump.Chain) int) (best []*dump.Chain) {
	highest := 0
	for _, c := range chains {
		switch s := score(c); {
		case s < highest:
		case s > highest:
			highest, best = s, []*dump.Chain{c}
		default:
			best = append(best, c)
		}
	}
	return best
}

// condition is what must hold for a chain beside the destination, in words;
// empty for nothing. The default chain takes what is left.
func condition(c *dump.Chain) string {
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
