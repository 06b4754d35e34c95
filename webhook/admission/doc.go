// Package admission answers admission reviews. It adapts and nothing more: it
// decodes a review, lets package rules decide, and writes the outcome as patch,
// warnings, audit annotations, metrics and log line.
//
// There are two handlers. PodHandler changes pods: what is known of one is
// gathered into facts (facts.go), decided, and made a patch (patch.go).
// RulesHandler judges ConfigMaps with rules (validate.go). Both go one way,
// serve: the body is read, within limits that hold for the process (body.go),
// and decoded (review.go), the handler decides, the answer is encoded, recorded
// and sent.
//
// What they ask stands ready in memory: the rules in force in a Store, which
// keeps the last good ones, what is known of a cluster behind Cluster. The
// package has no client of its own.
//
// A pod is never denied and never delayed: nothing in the request path calls
// an API or takes a lock that a writer holds for long, and every error or
// panic after the review was understood becomes "allowed" with a warning. The
// RulesHandler denies rules that cannot be read or have errors, nothing else.
package admission
