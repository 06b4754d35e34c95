package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// Clusters that istiod makes for itself.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/pilot/pkg/networking/util/util.go
const (
	passthroughCluster        = "PassthroughCluster"
	inboundPassthroughCluster = "InboundPassthroughCluster"
)

// idleTimeout looks at the timeout of the whole sidecar.
func (c *checker) idleTimeout() {
	asked, ok := c.config.Metadata(istio.IdleTimeoutMetadata)
	if !ok {
		c.add(Finding{Aspect: IdleTimeout, Status: NotAskedFor, Detail: c.idleNow()})
		return
	}
	if _, err := istio.ParseIdleTimeout(asked); err != nil {
		c.add(Finding{
			Aspect: IdleTimeout, Status: NotInForce, Code: ValueIgnored,
			Detail: fmt.Sprintf("%s: %v", istio.IdleTimeoutMetadata, err),
			Fix:    "correct the value in the workload's pod template",
		})
		return
	}
	same := c.startedWith(IdleTimeout, []string{istio.IdleTimeoutMetadata})
	running, has, known := c.metadata(istio.IdleTimeoutMetadata)
	if !known {
		running, has = asked, true
	}
	want, err := istio.ParseIdleTimeout(running)
	if !has || err != nil {
		return // said by startedWith
	}
	if c.Dump.Listeners == nil {
		c.add(Finding{Aspect: IdleTimeout, Status: NotSeen, Detail: "the dump has no listeners"})
		return
	}
	counts, overrides := c.compareTimeouts(want)
	if counts[dump.TCPProxy]+counts[dump.HTTP] == 0 {
		c.add(Finding{Aspect: IdleTimeout, Status: NotSeen, Detail: "no listener carries connections"})
	} else if len(overrides) == 0 && same {
		c.add(Finding{Aspect: IdleTimeout, Status: InForce, Detail: fmt.Sprintf(
			"%s on every filter chain: %d TCP, %d HTTP", sayTimeout(&want), counts[dump.TCPProxy], counts[dump.HTTP],
		)})
	}
	for _, f := range overrides {
		c.add(f)
	}
}

// idleNow says what holds where the pod asks for nothing.
func (c *checker) idleNow() string {
	value, has, known := c.metadata(istio.IdleTimeoutMetadata)
	switch {
	case !known:
		return "what holds instead was not to be seen"
	case !has:
		return "Envoy's own 1h holds, unless a DestinationRule or an EnvoyFilter says otherwise"
	}
	return fmt.Sprintf("the proxy was started with %s=%q, which is not from the pod's annotation "+
		"(meshConfig.defaultConfig or a ProxyConfig resource)", nodeKey(istio.IdleTimeoutMetadata), value)
}

// override is what several filter chains have in common that do not have the
// proxy's own timeout.
type override struct {
	kind      dump.Kind
	direction string
	seen      string
	by        string
}

// compareTimeouts holds every chain of the proxy's dynamic listeners against the
// timeout that the proxy was started with.
func (c *checker) compareTimeouts(want time.Duration) (counts map[dump.Kind]int, findings []Finding) {
	counts = map[dump.Kind]int{}
	found := map[override][]string{}
	everywhere := c.passthroughTimeout()
	for at := range c.Dump.Carriers() {
		counts[at.Filter.Kind]++
		if timeout := at.Filter.IdleTimeout; timeout == nil || *timeout != want {
			o := override{at.Filter.Kind, at.Direction, sayTimeout(timeout), c.overriddenBy(at.Filter, everywhere)}
			found[o] = append(found[o], at.Place())
		}
	}
	for o, where := range found {
		what := "TCP connections"
		if o.kind == dump.HTTP {
			what = "HTTP connections"
		}
		findings = append(findings, Finding{
			Aspect: IdleTimeout, Status: Overridden, Code: TimeoutOverridden, Where: where,
			Detail: fmt.Sprintf("%s %s have %s instead of %s on %d filter chains", strings.ToLower(o.direction), what, o.seen, sayTimeout(&want), len(where)),
			Fix:    o.by,
		})
	}
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.Fix, b.Fix))
	})
	return counts, findings
}

// passthroughTimeout is what TCP connections to no known service have, which no
// DestinationRule can change; nil where the dump has none.
func (c *checker) passthroughTimeout() *dump.Filter {
	for at := range c.Dump.Carriers() {
		if slices.Contains(at.Filter.Clusters, passthroughCluster) {
			return at.Filter
		}
	}
	return nil
}

// overriddenBy names what makes a chain's timeout another, as far as it shows.
//
// istiod takes a DestinationRule's timeout before the proxy's own, and notes the
// rule at the cluster; EnvoyFilters run last, and leave no trace.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/pilot/pkg/networking/core/networkfilter.go
func (c *checker) overriddenBy(filter, everywhere *dump.Filter) string {
	const envoyFilter = "an EnvoyFilter of somebody else sets it (kubectl get envoyfilters -A); take it out there, or let it leave this pod alone"
	if everywhere != nil && filter.Kind == dump.TCPProxy && orDefault(everywhere.IdleTimeout) == orDefault(filter.IdleTimeout) {
		return envoyFilter // it reaches what no DestinationRule does
	}
	for _, name := range filter.Clusters {
		if rule := destinationRule(c.Dump.Clusters[name].Config); rule != "" {
			return fmt.Sprintf("%s shapes this cluster and most likely sets it (trafficPolicy.connectionPool.tcp.idleTimeout): raise it there, or take it out; "+
				"if it has none, %s", rule, envoyFilter)
		}
	}
	if filter.Kind == dump.HTTP {
		return "httpIdleTimeout in connectionSettings of the ProxyConfig or of meshConfig.defaultConfig sets it (Istio 1.31), or " + envoyFilter
	}
	return envoyFilter
}

// destinationRule is "DestinationRule shop/redis" for istiod's path of it, or
// empty.
func destinationRule(path string) string {
	parts := strings.Split(path, "/")
	if n := len(parts); n >= 4 && parts[n-2] == "destination-rule" {
		return "DestinationRule " + parts[n-3] + "/" + parts[n-1]
	}
	return ""
}

// sayTimeout is an idle timeout in words.
func sayTimeout(d *time.Duration) string {
	switch {
	case d == nil:
		return "none of its own (Envoy's 1h)"
	case *d == 0:
		return "0s (no timeout)"
	}
	return istio.FormatDuration(*d)
}
