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
//   - want.go: what the matching rules ask for together;
//   - merge.go: from that, from the pod's own values and from what Istio was
//     installed with to new values, each annotation by a function of its own;
//     proxyconfig.go has the largest of them, package annotations the list of
//     all, and what holdfast wrote there before;
//   - memo.go: what merge said, remembered within bounds;
//   - outcome.go: reason, detail and warnings.
package decide
