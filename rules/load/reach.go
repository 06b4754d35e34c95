package load

import (
	"fmt"
	"net/netip"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/patterns"
	"github.com/holdfast-mesh/holdfast/rules"
)

const (
	// maxBypassPorts is how many ports a rule may take out of the mesh: Istio
	// programs each into iptables by itself.
	maxBypassPorts = 256
	// Networks wider than these need allowBroad in bypass: CIDRs.
	broadIPv4, broadIPv6 = 8, 16
)

// protectedPorts need allowProtected in bypass: Ports: DNS (its capture would
// be off), HTTP and HTTPS (most of a mesh's own traffic), Istio's own.
// Source: https://istio.io/latest/docs/ops/deployment/application-requirements/
var protectedPorts = []ports.Range{{First: 53, Last: 53}, {First: 80, Last: 80}, {First: 443, Last: 443}, {First: 15000, Last: 15090}}

// protected reports a port that should stay in the mesh.
func (l *loader) protected(v value, p ports.Range, r *rules.Rule) {
	if r.Strategy.Bypass != rules.BypassPorts || r.AllowProtected {
		return
	}
	for _, guarded := range protectedPorts {
		if p.First <= guarded.Last && guarded.First <= p.Last {
			l.errorAt(v, protectedPort, "got %s, want no bypass of 53, 80, 443 and 15000-15090: remove it, bypass by CIDRs, or say allowProtected: true",
				v.Value)
			return
		}
	}
}

// broad reports a network that is too wide.
func (l *loader) broad(v value, p netip.Prefix, r *rules.Rule) {
	limit := broadIPv4
	if p.Addr().Is6() {
		limit = broadIPv6
	}
	switch {
	case p.Bits() == 0:
		l.errorAt(v, anyAddress, "got %s, want the networks that are meant: leave cidrs out to mean any address", p)
	case r.Strategy.Bypass == rules.BypassCIDRs && p.Bits() < limit && !r.AllowBroad:
		l.errorAt(v, broadCIDR, "got %s, want /%d or narrower in a bypass: list narrower networks, or say allowBroad: true", p, limit)
	}
}

// reach checks that destinations and strategy fit together.
func (l *loader) reach(r *rules.Rule, s *strategyValues, d *destinationValues) {
	havePorts := d.ports.given() || d.middleware.given()
	switch r.Strategy.Bypass {
	case rules.BypassPorts:
		switch {
		case !havePorts && !d.bad:
			l.errorAt(s.bypass, bypassWithoutPorts, "got bypass: Ports without ports, want some: list ports or middleware under destinations")
		case ports.Count(r.Destinations.Ports) > maxBypassPorts:
			v := d.ports
			if !v.given() {
				v = d.middleware
			}
			l.errorAt(v, tooManyPorts, "got %d ports, want at most %d for bypass: Ports: list fewer, or bypass by CIDRs", ports.Count(r.Destinations.Ports), maxBypassPorts)
		case havePorts:
			l.warnAt(s.bypass, bypassesWholePorts, "got bypass: Ports, want CIDRs where they are known: every destination on these ports leaves the mesh, services inside it too (no mTLS, no telemetry)")
		}
		if d.cidrs.given() && !r.Workloads.Referencing {
			l.warnAt(d.cidrs, cidrsDoNotNarrow, "got cidrs beside bypass: Ports, want bypass: CIDRs or no cidrs: the ports leave the mesh whatever the address")
		}
	case rules.BypassCIDRs:
		if !d.cidrs.given() && !d.bad {
			l.errorAt(s.bypass, bypassWithoutCIDRs, "got bypass: CIDRs without cidrs, want some: list networks under destinations")
		}
		if size := len(istio.FormatPrefixes(r.Destinations.CIDRs)); size > istio.MaxValueBytes {
			l.errorAt(d.cidrs, tooManyCIDRs, "got %d networks, a list of %d bytes, want at most %d bytes for bypass: CIDRs: it becomes one argument of istio-init, and the kernel executes none that is much longer; join neighbouring networks, or split the rule by workloads",
				len(r.Destinations.CIDRs), size, istio.MaxValueBytes)
		}
		if d.ports.given() && !r.Workloads.Referencing {
			l.warnAt(d.ports, portsDoNotNarrow, "got ports beside bypass: CIDRs, want bypass: Ports or no ports: the networks leave the mesh whatever the port")
		}
	}
	if r.Strategy.Scope == rules.ScopeDestinations && s.idleTimeout.given() {
		l.scopeDestinations(r, s, d, havePorts)
	}
	if d.hosts.given() && r.Strategy.Bypass != "" && !r.Workloads.Referencing {
		l.warnAt(d.hosts, hostsDoNotNarrow, "got hosts beside bypass: %s, want referencing: true or no hosts: names choose pods by referencing, the sidecar sees addresses", r.Strategy.Bypass)
	}
}

// chosenPods warns where destinations choose pods that nobody may have meant: all of
// them, or those of whoever names an address.
func (l *loader) chosenPods(r *rules.Rule, s *strategyValues, d *destinationValues) {
	switch {
	case r.Strategy.Bypass != "" && r.Workloads.Referencing:
		l.warnAt(s.bypass, bypassByReference, "got bypass with referencing, want namespaces or labels to choose pods: any author gets it by naming such an address, so tenants decide who leaves the mesh")
	case r.Strategy.Bypass == "" && r.Strategy.Scope != rules.ScopeDestinations && !r.Workloads.Referencing:
		l.warnAt(d.value, destinationsDoNotNarrow, "got destinations without referencing, want referencing: true under workloads: without it they narrow nothing, every pod of the workloads is patched; where that is meant, write allow: [%s]", destinationsDoNotNarrow)
	}
}

// scopeDestinations checks that connections can be told by ports and CIDRs,
// and that the patterns for them fit into one pod's metadata.
func (l *loader) scopeDestinations(r *rules.Rule, s *strategyValues, d *destinationValues, havePorts bool) {
	if !havePorts && !d.cidrs.given() {
		if !d.bad {
			l.errorAt(s.scope, scopeWithoutDestinations, "got scope: Destinations with neither ports nor cidrs, want some: the sidecar tells connections by address, not by name")
		}
		return
	}
	if d.hosts.given() {
		l.warnAt(d.hosts, hostsDoNotNarrow, "got hosts beside scope: Destinations, want cidrs where they are known: names choose pods by referencing, they do not narrow connections")
	}
	if d.bad || !l.overEightPatterns(r) {
		return
	}
	l.errorAt(s.scope, tooManyDestinations, "got more ports and CIDRs than %d patterns hold, want fewer: join neighbouring networks, split the rule by workloads, or use scope: Sidecar", istio.MaxDestinationKeys)
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

// overEightPatterns reports whether the rule alone needs more keys than a pod has.
func (l *loader) overEightPatterns(r *rules.Rule) bool {
	combinations := max(len(r.Destinations.Ports), 1) * max(len(r.Destinations.CIDRs), 1)
	if combinations > maxCombinations {
		return true
	}
	// An alias may give many rules the same destinations.
	key := fmt.Sprint(r.Destinations.Ports, r.Destinations.CIDRs)
	if over, known := l.over[key]; known || l.tried > maxTried {
		return over
	}
	alternatives := patterns.For(patterns.Destinations{Ports: r.Destinations.Ports, Prefixes: r.Destinations.CIDRs})
	// Each fits into a pattern of its own.
	over := len(alternatives) > istio.MaxDestinationKeys && len(patterns.Pack(alternatives)) > istio.MaxDestinationKeys
	if l.over[key] = over; over {
		l.tried += combinations
	}
	return over
}

// ruleObjects warns of what a rule needs in the mesh, at the keys that need it.
// Nobody knows here what is there. Rules in mode Observe need it too: an object
// that is there before the first pod asks for it cuts nothing.
func (l *loader) ruleObjects(r *rules.Rule, s *strategyValues) {
	if r.Strategy.Scope == rules.ScopeDestinations {
		l.needsMeshObject(s.scope, "Destinations", l.rootNamespace, istio.DestinationsObject, "")
	}
	if k := r.Strategy.Keepalive; k != nil {
		l.needsMeshObject(s.keepalive, "keepalive", l.rootNamespace, k.ObjectName(), managed)
	}
}

// managed is the other way to what --manage-mesh takes care of.
const managed = ", and holdfast webhook --manage-mesh keeps it by itself"

// needsMeshObject names the object and the command first: the room that kubectl
// has for a warning ends there.
func (l *loader) needsMeshObject(v value, got, namespace, name, otherWay string) {
	l.warnAt(v, NeedsMeshObject, "got %s, want %s/%s: holdfast render -f FILE | kubectl apply -f - makes this EnvoyFilter%s; where that is done, write allow: [%s]",
		got, namespace, name, otherWay, NeedsMeshObject)
}
