// Package doctor is what "holdfast doctor" speaks of: the state of a cluster as far
// as it was to be seen ([Snapshot]), and what was found in it ([Report]). Package
// checks judges a snapshot, package gather makes one.
package doctor

import "slices"

// Name is the name of a check. The texts are stable.
type Name string

// The checks, in the order of a report.
const (
	Webhooks     Name = "webhooks"     // the two webhook configurations
	Order        Name = "order"        // holdfast's is called before Istio's
	Replicas     Name = "replicas"     // they run and are ready
	Certificates Name = "certificates" // what is served, and what API servers trust
	CertManager  Name = "cert-manager" // its objects for holdfast's certificate
	Rules        Name = "rules"        // loaded, and the same on every replica
	Reachability Name = "reachability" // a pod in an opted-in namespace is answered
	Policies     Name = "policies"     // nothing refuses the annotations
	Namespaces   Name = "namespaces"   // that are opted in get sidecars
	Istio        Name = "istio"        // its version
	MeshObjects  Name = "mesh-objects" // that the rules need
	Overrides    Name = "overrides"    // settings that win over a strategy
	Gateways     Name = "gateways"     // of the rules
)

// Names returns every check, in the order of a report.
func Names() []Name {
	return []Name{Webhooks, Order, Replicas, Certificates, CertManager, Rules, Reachability, Policies, Namespaces, Istio, MeshObjects, Overrides, Gateways}
}

// Severity says whether something is wrong, or only worth knowing.
type Severity string

// The severities. Only a Problem makes the command fail.
const (
	Problem Severity = "Problem"
	Warning Severity = "Warning"
)

// Finding is one thing that was found.
type Finding struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Object   string   `json:"object,omitempty"` // "MutatingWebhookConfiguration holdfast"
	Found    string   `json:"found"`
	Why      string   `json:"why"` // it matters
	Fix      string   `json:"fix"` // a command where there is one
}

// Status is what came of a check.
type Status string

// The statuses.
const (
	Fine       Status = "Fine"
	Warnings   Status = "Warnings"
	Problems   Status = "Problems"
	NotChecked Status = "NotChecked" // nothing of it could be looked at
)

// Result is what came of one check.
type Result struct {
	Check  Name   `json:"check"`
	Status Status `json:"status"`
	// Seen says in a few words what was looked at.
	Seen     string    `json:"seen,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
	// NotChecked says what could not be looked at, and what it takes.
	NotChecked []string `json:"notChecked,omitempty"`
}

// Add adds a finding, with the severity and the reason of its code.
func (r *Result) Add(code Code, object, found, fix string) {
	about := code.about()
	r.Findings = append(r.Findings, Finding{Code: code, Severity: about.Severity, Object: object, Found: found, Why: about.Why, Fix: fix})
}

// Unseen adds what could not be looked at; nothing for an empty text or one that has
// been said.
func (r *Result) Unseen(text string) {
	if text != "" && !slices.Contains(r.NotChecked, text) {
		r.NotChecked = append(r.NotChecked, text)
	}
}

// Close works out the status. What was not to be seen is no all-clear: a check that has
// neither seen nor found anything is NotChecked.
func (r *Result) Close() {
	has := func(s Severity) bool {
		return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == s })
	}
	switch {
	case has(Problem):
		r.Status = Problems
	case has(Warning):
		r.Status = Warnings
	case r.Seen == "":
		r.Status = NotChecked
	default:
		r.Status = Fine
	}
}

// Report is all that was found.
type Report struct {
	Server    string   `json:"server"`    // address of the API server
	Namespace string   `json:"namespace"` // of holdfast
	Checks    []Result `json:"checks"`
}

// Count counts the checks with a status.
func (r *Report) Count(s Status) (n int) {
	for i := range r.Checks {
		if r.Checks[i].Status == s {
			n++
		}
	}
	return n
}

// Failed reports whether there is a problem, or nothing could be looked at.
func (r *Report) Failed() bool {
	return r.Count(Problems) > 0 || r.Count(NotChecked) == len(r.Checks)
}
