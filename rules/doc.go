// Package rules is the vocabulary of holdfast's policy, for packages that load
// it (rules/load), look at pods (rules/evidence) and decide (rules/decide):
//
//   - File and what is in it: rules with destinations, workloads and
//     strategies, gateways, and what the mesh was installed with;
//   - KnownMiddleware, the table of servers with their ports;
//   - MatchGlob, MatchHost and Requirement.Accepts, which say what globs and
//     label selectors mean;
//   - Pod, what a decision needs to know of a pod;
//   - Outcome, Verdict and Warning, what a decision says, each with a stable
//     code of a type of its own: Reason, VerdictReason, WarningCode;
//   - the names of labels and annotations, which are fixed.
//
// Nothing here reads a file, clock or network.
//
//go:generate go run ./internal/gencodes .. ../docs/codes.md
package rules
