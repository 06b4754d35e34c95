// Package admission answers admission reviews. It adapts and nothing more: it
// decodes a review into the facts of a pod, lets package rules decide, and
// writes the outcome as patch, warnings, audit annotations, metrics and log
// line. It needs no client of a cluster; what is known of one comes through
// Cluster.
//
// A pod is never denied and never delayed: nothing in the request path calls
// an API or takes a lock that a writer holds for long, and every error or
// panic after the review was understood becomes "allowed" with a warning.
package admission
