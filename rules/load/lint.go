package load

import (
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/lint"
)

// lint reports what only shows when rules are seen together.
func (l *loader) lint(f *rules.File) {
	for _, i := range lint.CutKeepalive(f.Rules) {
		l.report(l.marks[i].keepalive, Warning, keepaliveWithoutIdleTimeout, rulePath(i, "strategy", "keepalive"),
			"got keepalive without an idleTimeout over 1h, want both: probes carry no bytes, so the sidecar still cuts after its idle timeout of 1h; add for example idleTimeout: 48h")
	}
	for _, c := range lint.Conflicts(f.Rules) {
		other := &f.Rules[c.Other]
		l.report(l.marks[c.Rule].strategy, Warning, conflictingRules, rulePath(c.Rule, "strategy"),
			"got another way for a destination of rule %q (line %d), want one: %s", other.Name, other.Line, c.Why)
	}
}

// rulePath is the path of a value in rule i.
func rulePath(i int, keys ...string) *path {
	at := &path{up: &path{key: "rules"}, index: i}
	for _, k := range keys {
		at = &path{up: at, key: k}
	}
	return at
}
