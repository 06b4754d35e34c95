// Package merge makes annotations of what rules ask for. Merge takes rules, as a
// Compiler made them, and a Pod: the annotations that holdfast manages as they are, what
// the pod has without any, what Istio was installed with. It gives a Result: what to set
// and to remove, which rules are in force with that, and why others are not. Which rules
// match is decided above (package decide), what holdfast wrote before is told apart from
// the author's own below (package annotations).
//
//   - rule.go: what one rule asks for, worked out once;
//   - want.go: what several ask for together; jitter.go: each pod's own drainDuration;
//   - merge.go: from that and from the pod's own values to new values, each annotation
//     by itself: excluded.go has the two lists, proxyconfig.go what is YAML.
package merge
