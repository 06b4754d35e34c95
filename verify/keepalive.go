package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// keepalive looks at what connections to servers are opened with.
func (c *checker) keepalive() {
	asked, ok := c.config.Metadata(istio.KeepaliveMetadata)
	if !ok {
		c.add(Finding{Aspect: Keepalive, Status: NotAskedFor, Detail: c.keepaliveNow()})
		return
	}
	want, err := istio.ParseKeepalive(asked)
	if err != nil {
		c.add(Finding{
			Aspect: Keepalive, Status: NotInForce, Code: ValueIgnored,
			Detail: fmt.Sprintf("%s: %v", istio.KeepaliveMetadata, err),
			Fix:    "let holdfast write the key: take it out of the pod template, then restart the pod",
		})
		return
	}
	if !c.startedWith(Keepalive, []string{istio.KeepaliveMetadata}) {
		return
	}
	if c.Dump.Clusters == nil {
		c.add(Finding{Aspect: Keepalive, Status: NotSeen, Detail: "the dump has no clusters"})
		return
	}
	c.compareKeepalive(want)
}

// keepaliveNow says what passthrough connections have.
func (c *checker) keepaliveNow() string {
	cluster, ok := c.Dump.Clusters[passthroughCluster]
	switch {
	case !ok:
		return "what holds instead was not to be seen"
	case cluster.Keepalive == nil:
		return "connections to servers outside the mesh have none"
	}
	return "connections to servers outside the mesh have " + sayKeepalive(cluster.Keepalive) + " (meshConfig.tcpKeepalive or an EnvoyFilter)"
}

// outbound reports whether a cluster is one that istiod makes for what applications
// connect to, and that an EnvoyFilter reaches. It reaches no tunnels
// (connect_originate) and no clusters that another EnvoyFilter adds.
// Source: https://github.com/istio/istio/blob/eed52ebb66ad/pilot/pkg/networking/core/cluster.go
func outbound(name string) bool {
	return name == passthroughCluster || strings.HasPrefix(name, "outbound|")
}

// inbound reports whether a cluster leads to the pod's own application, or nowhere.
func inbound(name string) bool {
	return name == dump.BlackHole || name == inboundPassthroughCluster || strings.HasPrefix(name, "inbound|")
}

func (c *checker) compareKeepalive(want istio.Keepalive) {
	expected := dump.Keepalive{Time: uint32(want.Time), Interval: uint32(want.Interval), Probes: uint32(want.Probes)}
	total, right := 0, 0
	found := map[string][]string{} // clusters by what they have
	var others []string            // that may lead to servers and have none
	for _, name := range slices.Sorted(maps.Keys(c.Dump.Clusters)) {
		cluster := c.Dump.Clusters[name]
		if !outbound(name) {
			if !cluster.Static && !inbound(name) && cluster.Keepalive == nil {
				others = append(others, name)
			}
			continue
		}
		total++
		if k := cluster.Keepalive; k != nil && *k == expected {
			right++
		} else {
			has := sayKeepalive(k)
			found[has] = append(found[has], name)
		}
	}
	if total == 0 {
		c.add(Finding{Aspect: Keepalive, Status: NotSeen, Detail: "the dump has no cluster that applications connect to"})
		return
	}
	if right == 0 {
		c.add(Finding{
			Aspect: Keepalive, Status: NotInForce, Code: KeepaliveMissing,
			Detail: fmt.Sprintf("none of %d clusters has %s; connections are opened with %s", total, want, strings.Join(slices.Sorted(maps.Keys(found)), " or ")),
			Fix:    "apply " + want.ObjectName() + " in Istio's root namespace (holdfast render -f RULES | kubectl apply -f -); open connections stay as they are, new ones get it",
		})
		return
	}
	for _, has := range slices.Sorted(maps.Keys(found)) {
		c.add(Finding{
			Aspect: Keepalive, Status: Overridden, Code: KeepaliveOverridden, Where: found[has],
			Detail: fmt.Sprintf("%d of %d clusters have %s instead of %s", len(found[has]), total, has, want),
			Fix:    "an EnvoyFilter of somebody else changes these clusters after holdfast's (kubectl get envoyfilters -A); let it leave this pod alone",
		})
	}
	if len(found) == 0 {
		detail := fmt.Sprintf("%s on all %d clusters, connections to no known service included", want, total)
		if len(others) > 0 {
			detail += fmt.Sprintf("; %d that Istio lets no EnvoyFilter reach have none: %s", len(others), clip.Text(strings.Join(others, ", "), 200))
		}
		c.add(Finding{Aspect: Keepalive, Status: InForce, Detail: detail})
	}
}

// sayKeepalive is a keepalive in words.
func sayKeepalive(k *dump.Keepalive) string {
	if k == nil {
		return "no keepalive"
	}
	part := func(n uint32, unit string) string {
		if n == 0 {
			return "kernel's"
		}
		return fmt.Sprint(n) + unit
	}
	return part(k.Time, "s") + "-" + part(k.Interval, "s") + "-" + part(k.Probes, "")
}
