package rules

import (
	"net/netip"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
)

const (
	// MaxBypassPorts is how many ports a rule may take out of the mesh: Istio
	// programs each into iptables by itself.
	MaxBypassPorts = 256
	// Networks wider than these need allowBroad in bypass: CIDRs.
	broadIPv4, broadIPv6 = 8, 16
)

// protectedPorts need allowProtected in bypass: Ports: DNS (its capture would
// be off), HTTP and HTTPS (most of a mesh's own traffic), Istio's own.
// Source: https://istio.io/latest/docs/ops/deployment/application-requirements/
var protectedPorts = []ports.Range{{First: 53, Last: 53}, {First: 80, Last: 80}, {First: 443, Last: 443}, {First: 15000, Last: 15090}}

// protected reports a port that should stay in the mesh.
func (l *loader) protected(n *yaml.Node, at *path, p ports.Range, r *Rule) {
	if r.Strategy.Bypass != BypassPorts || r.AllowProtected {
		return
	}
	for _, guarded := range protectedPorts {
		if p.First <= guarded.Last && guarded.First <= p.Last {
			l.errorAt(l.resolve(n), ProtectedPort, at, "got %s, want no bypass of 53, 80, 443 and 15000-15090: remove it, bypass by CIDRs, or say allowProtected: true",
				l.resolve(n).Value)
			return
		}
	}
}

// broad reports a network that is too wide.
func (l *loader) broad(n *yaml.Node, at *path, p netip.Prefix, r *Rule) {
	n = l.resolve(n)
	limit := broadIPv4
	if p.Addr().Is6() {
		limit = broadIPv6
	}
	switch {
	case p.Bits() == 0:
		l.errorAt(n, AnyAddress, at, "got %s, want the networks that are meant: leave cidrs out to mean any address", p)
	case r.Strategy.Bypass == BypassCIDRs && p.Bits() < limit && !r.AllowBroad:
		l.errorAt(n, BroadCIDR, at, "got %s, want /%d or narrower in a bypass: list narrower networks, or say allowBroad: true", p, limit)
	}
}

// reach checks that destinations and strategy fit together.
func (l *loader) reach(r *Rule, s *strategyNodes, d *destinationNodes) {
	havePorts := d.ports != nil || d.middleware != nil
	bypassAt := &path{up: s.at, key: "bypass"}
	switch r.Strategy.Bypass {
	case BypassPorts:
		switch {
		case !havePorts && !d.bad:
			l.errorAt(s.bypass, BypassWithoutPorts, bypassAt, "got bypass: Ports without ports, want some: list ports or middleware under destinations")
		case ports.Count(r.Destinations.Ports) > MaxBypassPorts:
			n, at := d.ports, &path{up: d.at, key: "ports"}
			if n == nil {
				n, at = d.middleware, &path{up: d.at, key: "middleware"}
			}
			l.errorAt(n, TooManyPorts, at, "got %d ports, want at most %d for bypass: Ports: list fewer, or bypass by CIDRs", ports.Count(r.Destinations.Ports), MaxBypassPorts)
		case havePorts:
			l.warnAt(s.bypass, BypassesWholePorts, bypassAt, "got bypass: Ports, want CIDRs where they are known: every destination on these ports leaves the mesh, services inside it too (no mTLS, no telemetry)")
		}
		if d.cidrs != nil && !r.Workloads.Referencing {
			l.warnAt(d.cidrs, CIDRsDoNotNarrow, &path{up: d.at, key: "cidrs"}, "got cidrs beside bypass: Ports, want bypass: CIDRs or no cidrs: the ports leave the mesh whatever the address")
		}
	case BypassCIDRs:
		if d.cidrs == nil && !d.bad {
			l.errorAt(s.bypass, BypassWithoutCIDRs, bypassAt, "got bypass: CIDRs without cidrs, want some: list networks under destinations")
		}
		if d.ports != nil && !r.Workloads.Referencing {
			l.warnAt(d.ports, PortsDoNotNarrow, &path{up: d.at, key: "ports"}, "got ports beside bypass: CIDRs, want bypass: Ports or no ports: the networks leave the mesh whatever the port")
		}
	}
	if r.Strategy.Scope == ScopeDestinations && s.idleTimeout != nil {
		l.scopeDestinations(r, s, d, havePorts)
	}
	if d.hosts != nil && r.Strategy.Bypass != "" && !r.Workloads.Referencing {
		l.warnAt(d.hosts, HostsDoNotNarrow, &path{up: d.at, key: "hosts"}, "got hosts beside bypass: %s, want referencing: true or no hosts: names choose pods by referencing, the sidecar sees addresses", r.Strategy.Bypass)
	}
}

// scopeDestinations checks that connections can be told by ports and CIDRs,
// and that the patterns for them fit into one pod's metadata.
func (l *loader) scopeDestinations(r *Rule, s *strategyNodes, d *destinationNodes, havePorts bool) {
	at := &path{up: s.at, key: "scope"}
	if !havePorts && d.cidrs == nil {
		if !d.bad {
			l.errorAt(s.scope, ScopeWithoutDestinations, at, "got scope: Destinations with neither ports nor cidrs, want some: the sidecar tells connections by address, not by name")
		}
		return
	}
	if d.hosts != nil {
		l.warnAt(d.hosts, HostsDoNotNarrow, &path{up: d.at, key: "hosts"}, "got hosts beside scope: Destinations, want cidrs where they are known: names choose pods by referencing, they do not narrow connections")
	}
	if d.bad || !l.overEightPatterns(r) {
		return
	}
	l.errorAt(s.scope, TooManyDestinations, at, "got more ports and CIDRs than %d patterns hold, want fewer: join neighbouring networks, split the rule by workloads, or use scope: Sidecar", istio.MaxDestinationKeys)
}

const (
	// maxCombinations is how many combinations of port ranges and networks are
	// tried to be put into patterns. What eight patterns hold is some tens of
	// them, and trying grows faster than their number.
	maxCombinations = 1024
	// maxTried bounds the trying in a file with many rules that do not fit;
	// further ones are taken for fitting, the file has its errors already.
	maxTried = 8 * maxCombinations
)

// overEightPatterns says whether the rule alone needs more keys than a pod has.
func (l *loader) overEightPatterns(r *Rule) bool {
	combinations := max(len(r.Destinations.Ports), 1) * max(len(r.Destinations.CIDRs), 1)
	if combinations > maxCombinations {
		return true
	}
	if l.tried > maxTried {
		return false
	}
	alternatives := patterns.For(patterns.Destinations{Ports: r.Destinations.Ports, Prefixes: r.Destinations.CIDRs})
	// Each fits into a pattern of its own.
	if len(alternatives) <= istio.MaxDestinationKeys || len(patterns.Pack(alternatives)) <= istio.MaxDestinationKeys {
		return false
	}
	l.tried += combinations
	return true
}
