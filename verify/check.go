// Package verify says whether what a pod asks for in its annotations is in force in
// its proxy, what overrides it, and what happens to one connection.
//
// [Check] holds the pod against the config dump of its Envoy ([dump.Read]), one file
// per strategy. [Follow] walks the way of one connection as iptables and Envoy would
// choose it. Both only compare texts: what neither of them can show is listed in
// [Report].NotSeen, so that silence is never taken for a yes.
package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/verify/dump"
)

// Input is what is known of one pod.
type Input struct {
	Dump *dump.Dump
	// Server is nil where /server_info was not to be had.
	Server *dump.ServerInfo
	Pod    *rules.Pod
	// Rules are needed for gateways alone; nil where none were given.
	Rules *rules.File
}

// ErrOtherPod says that the dump is not of the pod it is held against.
var ErrOtherPod = errors.New("not of one pod")

// checker gathers findings about one input.
type checker struct {
	Input
	config  *proxyconfig.Config
	gateway bool
	report  *Report
}

// Check looks at every strategy. The error is ErrOtherPod.
func Check(in Input) (*Report, error) {
	c := &checker{Input: in, report: &Report{Namespace: in.Pod.Namespace.Name, Pod: in.Pod.Name, Findings: []Finding{}}}
	if err := c.identify(); err != nil {
		return nil, err
	}
	var err error
	if c.config, err = proxyconfig.Parse(in.Pod.Annotations[istio.ProxyConfigAnnotation]); err != nil {
		c.add(Finding{
			Aspect: Annotation, Status: NotInForce, Code: AnnotationRejected,
			Detail: fmt.Sprintf("annotation %s: %v", istio.ProxyConfigAnnotation, err),
			Fix:    "correct the annotation in the workload's pod template: Istio denies new pods that have it",
		})
		c.config, _ = proxyconfig.Parse("") // the empty text is a configuration
	}
	c.idleTimeout()
	c.destinations()
	c.keepalive()
	c.drainDuration()
	c.exclusions()
	c.gatewayKeepalive()
	c.updates()
	c.unseen()
	return c.report, nil
}

// identify says whose dump it is.
func (c *checker) identify() error {
	n := c.Dump.Node
	if n == nil {
		return nil
	}
	c.report.Proxy, c.report.Istio, c.report.Envoy = n.ID, n.Metadata["ISTIO_VERSION"], n.Envoy
	c.gateway = isGateway(n)
	if c.Server != nil && c.Server.Node != "" && c.Server.Node != n.ID {
		return fmt.Errorf("got a config dump of %s and a server info of %s, %w: take both from the same proxy", n.ID, c.Server.Node, ErrOtherPod)
	}
	// Pod name and namespace, which Istio joins with a dot.
	parts := strings.Split(n.ID, "~")
	if len(parts) != 4 {
		return nil
	}
	name := c.Pod.Name
	if ns := c.Pod.Namespace.Name; ns != "" {
		name += "." + ns
	} else {
		parts[2], _, _ = strings.Cut(parts[2], ".")
	}
	if parts[2] != name && c.Pod.Name != "" {
		return fmt.Errorf("got a config dump of pod %s and the manifest of pod %s, %w: "+
			"take both of the same pod (kubectl get pod NAME -n NAMESPACE -o yaml)", parts[2], name, ErrOtherPod)
	}
	return nil
}

// isGateway reports whether a proxy is that of a gateway, which Istio calls a router,
// or of a waypoint.
func isGateway(n *dump.Node) bool {
	return strings.HasPrefix(n.ID, "router~") || strings.HasPrefix(n.ID, "waypoint~")
}

func (c *checker) add(f Finding) { c.report.Findings = append(c.report.Findings, f) }

// metadata is a value that the proxy was started with. known is false where the
// dump does not show any.
func (c *checker) metadata(key string) (value string, has, known bool) {
	if c.Dump.Node == nil {
		return "", false, false
	}
	value, has = c.Dump.Node.Metadata[nodeKey(key)]
	return value, has, true
}

// unseen says what neither dump nor pod can show.
func (c *checker) unseen() {
	see := func(format string, args ...any) {
		c.report.NotSeen = append(c.report.NotSeen, fmt.Sprintf(format, args...))
	}
	if c.Dump.Node == nil {
		see("what the proxy was started with: the dump has no bootstrap section")
	}
	if c.Dump.Listeners == nil {
		see("listeners: the dump has no such section")
	}
	if c.Dump.Clusters == nil {
		see("clusters: the dump has no such section")
	}
	for _, text := range c.Dump.Unread {
		see("an element of the dump that is not as Envoy writes it: %s", text)
	}
	if c.Server == nil {
		see("Envoy's command line: it is in GET /server_info of the admin port, not in the dump (--server-info FILE)")
	}
	if n := c.tunnels(); n > 0 {
		see("HBONE tunnels: %d filter chains take or open them, and no annotation sets when those end without traffic", n)
	}
	see("updates of clusters that Envoy refused: its dump does not show them (counter cluster_manager.cds.update_rejected)")
	see("the objects in the mesh (EnvoyFilter, DestinationRule, ProxyConfig): only what they did to this proxy")
	see("the iptables rules as they are now: only what istio-init was told, or what Istio CNI reads")
	see("whatever is on the way between the proxy and the server: NAT, load balancers, ipvs, firewalls, and the server's own timeout")
}

func (c *checker) tunnels() (n int) {
	for i := range c.Dump.Listeners {
		for _, chain := range c.Dump.Listeners[i].Chains {
			if slices.ContainsFunc(chain.Filters, func(f dump.Filter) bool { return f.Kind == dump.Tunnel }) {
				n++
			}
		}
	}
	return n
}

// envoyIdle is Envoy's default of TCP proxies and HTTP connections.
// Source: https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts
const envoyIdle = time.Hour

// orDefault is an idle timeout with Envoy's default filled in.
func orDefault(d *time.Duration) time.Duration {
	if d == nil {
		return envoyIdle
	}
	return *d
}
