// Package webhook serves holdfast's decisions to an API server. It adapts and
// nothing more: it decodes an admission review into the facts of a pod, lets
// package rules decide, and writes the outcome as patch, warnings, audit
// annotations, metrics and log line.
//
// A pod is never denied and never delayed: nothing in the request path calls
// an API or takes a lock that a writer holds for long, and every error or
// panic after the review was understood becomes "allowed" with a warning.
package webhook
