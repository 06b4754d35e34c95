package checks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	networkingapi "istio.io/api/networking/v1alpha3"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

func overrides(s *doctor.Snapshot, r *doctor.Result) {
	m := s.Rules.Value
	if m == nil || m.File == nil {
		r.Unseen(s.Rules.Unseen)
		if s.Rules.Unseen == "" {
			r.Unseen("the rules cannot be read: see " + string(doctor.Rules))
		}
		return
	}
	for _, text := range []string{s.DestinationRules.Unseen, s.ServiceEntries.Unseen, s.ProxyConfigs.Unseen, s.EnvoyFilters.Unseen, s.Ports.Unseen} {
		r.Unseen(text)
	}
	for _, d := range s.DestinationRules.Value {
		destinationRule(s, r, m.File, d)
	}
	for _, e := range s.ServiceEntries.Value {
		serviceEntry(s, r, m.File, e)
	}
	proxyConfigs(s, r)
	filters := 0
	if s.EnvoyFilters.Value != nil {
		filters = len(s.EnvoyFilters.Value.Items)
		for _, f := range s.EnvoyFilters.Value.Items {
			envoyFilter(s, r, m.File, f)
		}
	}
	if len(r.NotChecked) < 4 { // of the four kinds some were seen
		r.Seen = fmt.Sprintf("%s, %s, %s, %s", count(len(s.DestinationRules.Value), "DestinationRule"), entries(len(s.ServiceEntries.Value)),
			count(len(s.ProxyConfigs.Value), "ProxyConfig"), count(filters, "EnvoyFilter"))
	}
}

func entries(n int) string {
	if n == 1 {
		return "1 ServiceEntry"
	}
	return fmt.Sprintf("%d ServiceEntries", n)
}

// destinationRule looks at the two settings of its top level that end connections.
// Those of subsets and ports do not reach the listener.
func destinationRule(s *doctor.Snapshot, r *doctor.Result, file *rules.File, d *networking.DestinationRule) {
	tcp := d.Spec.GetTrafficPolicy().GetConnectionPool().GetTcp()
	idle, most := tcp.GetIdleTimeout(), tcp.GetMaxConnectionDuration()
	if idle == nil && most == nil {
		return
	}
	object := fmt.Sprintf("DestinationRule %s/%s", d.Namespace, d.Name)
	ports, known := portsOf(s, d.Spec.Host, d.Namespace)
	edit := fmt.Sprintf("kubectl -n %s edit destinationrule %s", d.Namespace, d.Name)
	for i := range file.Rules {
		rule := &file.Rules[i]
		wanted := rule.Strategy.IdleTimeout
		// What scope Destinations sets wins over every idle timeout.
		cuts := idle != nil && wanted != nil && rule.Strategy.Scope != rules.ScopeDestinations && shorter(idle.AsDuration(), *wanted)
		ends := most.AsDuration() > 0 && rule.Strategy.Bypass == ""
		if !cuts && !ends {
			continue
		}
		meant, certain := speaksOf(rule, d.Spec.Host, d.Namespace, ports, known)
		switch {
		case !certain:
			r.Unseen(fmt.Sprintf("%s: on which ports its host %s listens, so that it may win over rule %s", object, d.Spec.Host, rule.Name))
			continue
		case !meant:
			continue
		}
		if cuts {
			r.Add(doctor.IdleTimeoutOverride, object, fmt.Sprintf("tcp.idleTimeout %s for %s, where rule %s wants %s", istio.FormatDuration(idle.AsDuration()), d.Spec.Host, rule.Name, istio.FormatDuration(*wanted)),
				edit+": take trafficPolicy.connectionPool.tcp.idleTimeout out; or give the rule scope: Destinations, which wins over it")
		}
		if ends {
			r.Add(doctor.ConnectionLimited, object, fmt.Sprintf("tcp.maxConnectionDuration %s for %s, of which rule %s speaks", istio.FormatDuration(most.AsDuration()), d.Spec.Host, rule.Name),
				edit+": take trafficPolicy.connectionPool.tcp.maxConnectionDuration out")
		}
	}
}

// shorter compares idle timeouts, of which 0 is none.
func shorter(got, wanted time.Duration) bool {
	return got > 0 && (wanted == 0 || got < wanted)
}

// portsOf are the ports of a host, as a Service or a ServiceEntry has them.
func portsOf(s *doctor.Snapshot, host, namespace string) (list []uint16, known bool) {
	if key, ok := doctor.ServiceOf(host, namespace); ok {
		var ports []int32
		if ports, known = s.Ports.Value[key.String()]; known {
			for _, p := range ports {
				list = append(list, uint16(p))
			}
		}
	}
	for _, e := range s.ServiceEntries.Value {
		if slices.ContainsFunc(e.Spec.Hosts, func(h string) bool { return overlap(h, host) }) {
			known = true
			for _, p := range e.Spec.Ports {
				list = append(list, uint16(p.Number))
			}
		}
	}
	return list, known && !strings.Contains(host, "*")
}

// overlap reports whether two hosts, each perhaps with "*." at its start, can mean the
// same name.
func overlap(a, b string) bool {
	a, anyA := strings.CutPrefix(strings.ToLower(a), "*")
	b, anyB := strings.CutPrefix(strings.ToLower(b), "*")
	return a == b || anyA && strings.HasSuffix(b, a) || anyB && strings.HasSuffix(a, b)
}

// speaksOf reports whether a rule's destinations include a host. It is not certain
// where the rule goes by ports, and those of the host are not known. A rule that has
// CIDRs alone is not: nobody here resolves names.
func speaksOf(rule *rules.Rule, host, namespace string, ports []uint16, known bool) (meant, certain bool) {
	d := &rule.Destinations
	if len(d.Hosts) > 0 {
		full := host
		if !strings.ContainsAny(host, ".*") {
			full = host + "." + namespace + ".svc.cluster.local"
		}
		if !slices.ContainsFunc(d.Hosts, func(h string) bool { return overlap(h, host) || overlap(h, full) || rules.MatchHost(h, full) }) {
			return false, true
		}
		if len(d.Ports) == 0 {
			return true, true
		}
	}
	if len(d.Ports) == 0 {
		return false, true
	}
	return slices.ContainsFunc(ports, func(p uint16) bool { return hasPort(d, p) }), known
}

func hasPort(d *rules.Destinations, port uint16) bool {
	for _, r := range d.Ports {
		if r.First <= port && port <= r.Last {
			return true
		}
	}
	return false
}

// serviceEntry looks for ports that are taken from everybody else: without an address
// the listener is 0.0.0.0_PORT, and on plain TCP nothing tells one destination from
// another.
func serviceEntry(s *doctor.Snapshot, r *doctor.Result, file *rules.File, e *networking.ServiceEntry) {
	spec := &e.Spec
	if len(spec.Addresses) > 0 || len(e.Status.GetAddresses()) > 0 || spec.Resolution == networkingapi.ServiceEntry_NONE || len(spec.Hosts) == 0 || !visible(s, e) {
		return
	}
	for _, p := range spec.Ports {
		if !plainTCP(p.Protocol) {
			continue
		}
		i := slices.IndexFunc(file.Rules, func(rule rules.Rule) bool {
			own := slices.ContainsFunc(rule.Destinations.Hosts, func(h string) bool {
				return slices.ContainsFunc(spec.Hosts, func(host string) bool { return overlap(h, host) })
			})
			return !own && rule.Strategy.Bypass != rules.BypassPorts && hasPort(&rule.Destinations, uint16(p.Number))
		})
		if i >= 0 {
			r.Add(doctor.PortCaptured, fmt.Sprintf("ServiceEntry %s/%s", e.Namespace, e.Name),
				fmt.Sprintf("port %d (%s) of %s without addresses; rule %s has that port", p.Number, cmp.Or(p.Protocol, "no protocol"), listed(spec.Hosts), file.Rules[i].Name),
				fmt.Sprintf("kubectl -n %s edit serviceentry %s: give it spec.addresses; Istio 1.25 and newer allocates one by itself where DNS capture is on", e.Namespace, e.Name))
		}
	}
}

// plainTCP reports whether nothing in the first bytes tells destinations apart.
func plainTCP(protocol string) bool {
	switch strings.ToUpper(protocol) {
	case "TCP", "MONGO", "MYSQL", "REDIS", "":
		return true
	}
	return false
}

// visible reports whether pods in some opted-in namespace see the entry.
func visible(s *doctor.Snapshot, e *networking.ServiceEntry) bool {
	if len(e.Spec.ExportTo) == 0 || slices.Contains(e.Spec.ExportTo, "*") || s.Namespaces.Unseen != "" {
		return true
	}
	return slices.ContainsFunc(s.OptedIn(), func(n doctor.Namespace) bool {
		return slices.Contains(e.Spec.ExportTo, n.Name) || n.Name == e.Namespace && slices.Contains(e.Spec.ExportTo, ".")
	})
}

// proxyConfigs looks at those with a selector: only they win over a pod's annotation.
func proxyConfigs(s *doctor.Snapshot, r *doctor.Result) {
	for _, c := range s.ProxyConfigs.Value {
		if len(c.Spec.GetSelector().GetMatchLabels()) == 0 {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(c.Spec.EnvironmentVariables)) {
			if key == istio.IdleTimeoutMetadata || strings.HasPrefix(key, istio.HoldfastMetadataPrefix) {
				r.Add(doctor.MetadataOverride, fmt.Sprintf("ProxyConfig %s/%s", c.Namespace, c.Name),
					fmt.Sprintf("%s=%q for pods with %s", key, c.Spec.EnvironmentVariables[key], selectorText(c.Spec.Selector.MatchLabels)),
					fmt.Sprintf("kubectl -n %s edit proxyconfig %s: take %s out of environmentVariables; then restart these pods", c.Namespace, c.Name, key))
			}
		}
	}
}
