// Package rules is holdfast's policy: it loads a rules file strictly, compiles
// it into an immutable Set, and decides for one pod which annotations make the
// matching strategies real. It is pure: it reads no file, clock or network,
// and knows nothing of HTTP or of Kubernetes clients.
package rules
