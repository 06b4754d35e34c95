// Package decide decides for one pod which annotations make the matching
// strategies real. Compile makes a Set of a rules file; Set.Decide answers for
// a pod, and Set.Explain says besides what each rule had to say. The Set is
// immutable, so that any number of goroutines may ask it, and it is pure: it
// reads no file, clock or network.
//
// A decision goes this way:
//
//   - decide.go: what does not depend on rules, as opting out, comes first;
//   - index.go, filing.go: from what the pod is and shows (package evidence) to
//     the few rules that may match it;
//   - match.go: whether one of them does, by host, port and network, and by
//     namespace and labels (selector.go); verdict.go says it in words;
//   - memo.go: what the matching rules make of the pod's annotations, worked out
//     by package merge and remembered within bounds;
//   - limits.go: whether the pod stays small enough with that;
//   - outcome.go: reason, detail and warnings (warn.go); lifecycle.go: what it
//     costs.
package decide
