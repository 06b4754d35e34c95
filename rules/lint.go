package rules

import (
	"fmt"
	"slices"
	"strings"
)

// lint reports what only shows when rules are seen together. Rules that could
// not be read in full are left out of it.
func (l *loader) lint(f *File) {
	if l.problems.HasErrors() {
		return
	}
	l.keepaliveAlone(f)
	l.conflicts(f)
}

// keepaliveAlone warns of keepalive whose connections the idle timer still
// cuts. Another rule may bring the idle timeout, if it is sure to match every
// pod that this one matches: because it has no conditions, or the same ones.
func (l *loader) keepaliveAlone(f *File) {
	var helpers map[string]bool
	for i := range f.Rules {
		r := &f.Rules[i]
		if r.Strategy.Keepalive == nil || r.outlastsEnvoy() {
			continue
		}
		if helpers == nil {
			helpers = longTimeouts(f)
		}
		if helpers[""] || helpers[workloadsKey(&r.Workloads, nil)] || helpers[workloadsKey(&r.Workloads, &r.Destinations)] {
			continue
		}
		at := l.marks[i].keepalive
		l.report(at.line, at.column, SeverityWarning, KeepaliveWithoutIdleTimeout,
			rulePath(i, "strategy", "keepalive"),
			"got keepalive without an idleTimeout over 1h, want both: probes carry no bytes, so the sidecar still cuts after its idle timeout of 1h; add for example idleTimeout: 48h")
	}
}

// outlastsEnvoy says whether the rule's own idle timeout exceeds the default.
func (r *Rule) outlastsEnvoy() bool {
	d := r.Strategy.IdleTimeout
	return d != nil && (*d == 0 || *d > envoyIdle)
}

// longTimeouts collects whom idle timeouts over an hour reach: "" for every
// pod, else keys of workloads, with destinations where these decide.
func longTimeouts(f *File) map[string]bool {
	reached := map[string]bool{}
	for i := range f.Rules {
		r := &f.Rules[i]
		if !r.outlastsEnvoy() || r.Mode != Enforce {
			continue
		}
		w := &r.Workloads
		switch {
		case r.Strategy.Scope == ScopeDestinations || w.Referencing:
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
func workloadsKey(w *Workloads, d *Destinations) string {
	var b strings.Builder
	fmt.Fprint(&b, slices.Sorted(slices.Values(w.Namespaces)))
	for _, s := range []*Selector{w.NamespaceSelector, w.PodSelector} {
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

// rulePath is the path of a value in rule i.
func rulePath(i int, keys ...string) *path {
	at := &path{up: &path{key: "rules"}, index: i}
	for _, k := range keys {
		at = &path{up: at, key: k}
	}
	return at
}
