// Package lint finds what is allowed in a rules file but probably not meant:
// conditions that no pod can meet ([Unmatchable]), keepalive whose connections
// the sidecar cuts all the same ([CutKeepalive]), and rules that pull one
// destination different ways ([Conflicts]). It speaks of loaded rules; package
// load knows where they stand and says so.
//
// It says nothing where it is not sure, and where looking would take more time
// than a file is worth: rules come from outside.
package lint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/rules"
)

// envoyIdle is how long a sidecar keeps a connection without traffic unless
// told otherwise. Source: idle_timeout in
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto
const envoyIdle = time.Hour

// CutKeepalive returns which rules set keepalive for connections that the idle
// timer still cuts. Another rule may bring the idle timeout, if it is sure to
// match every pod that this one matches: because it has no conditions, or the
// same ones.
func CutKeepalive(list []rules.Rule) (cut []int) {
	var helpers map[string]bool
	for i := range list {
		r := &list[i]
		if r.Strategy.Keepalive == nil || outlastsEnvoy(r) {
			continue
		}
		if helpers == nil {
			helpers = longTimeouts(list)
		}
		if !helpers[""] && !helpers[workloadsKey(&r.Workloads, nil)] && !helpers[workloadsKey(&r.Workloads, &r.Destinations)] {
			cut = append(cut, i)
		}
	}
	return cut
}

// outlastsEnvoy reports whether the rule's own idle timeout exceeds the default.
func outlastsEnvoy(r *rules.Rule) bool {
	d := r.Strategy.IdleTimeout
	return d != nil && (*d == 0 || *d > envoyIdle)
}

// longTimeouts collects whom idle timeouts over an hour reach: "" for every
// pod, else keys of workloads, with destinations where these decide.
func longTimeouts(list []rules.Rule) map[string]bool {
	reached := map[string]bool{}
	for i := range list {
		r := &list[i]
		if !outlastsEnvoy(r) || r.Mode != rules.Enforce {
			continue
		}
		w := &r.Workloads
		switch {
		case r.Strategy.Scope == rules.ScopeDestinations || w.Referencing:
			reached[workloadsKey(w, &r.Destinations)] = true
		case len(w.Namespaces) == 0 && w.NamespaceSelector == nil && w.PodSelector == nil:
			reached[""] = true
		default:
			reached[workloadsKey(w, nil)] = true
		}
	}
	return reached
}

// workloadsKey is equal for equal conditions. It is never empty.
func workloadsKey(w *rules.Workloads, d *rules.Destinations) string {
	var b strings.Builder
	fmt.Fprint(&b, slices.Sorted(slices.Values(w.Namespaces)))
	for _, s := range []*rules.Selector{w.NamespaceSelector, w.PodSelector} {
		if s != nil {
			fmt.Fprint(&b, *s)
		}
		b.WriteByte(';')
	}
	if d != nil {
		fmt.Fprint(&b, w.Referencing, d.Ports, d.CIDRs, slices.Sorted(slices.Values(d.Hosts)))
	}
	return b.String()
}
