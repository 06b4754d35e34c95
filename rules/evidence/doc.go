// Package evidence finds the addresses that a pod shows to use, read from the
// pod alone. Scan reads one pod; what its texts show is found by package texts, what
// their words say stands in package vocabulary. Here:
//
//   - which texts a pod has: scan.go;
//   - after $(VAR) is replaced: expand.go;
//   - names that the pod's author declares in an annotation: declared.go;
//   - that a host is the pod itself: self.go.
//
// Addresses of the pod itself (localhost, 127.0.0.1, 0.0.0.0, its own name) are none:
// they never pass the sidecar, or lead to a peer.
//
// The work is linear in the size of the pod, and the number of addresses is
// bounded, so that a hostile pod costs no more than a big one. Those that no rule
// asks for do not count: asked.go.
package evidence
