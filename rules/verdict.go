package rules

import (
	"fmt"
	"strings"
)

// VerdictReason is the stable code of a verdict.
type VerdictReason string

const (
	// Every condition of the rule holds.
	// Do: nothing; in mode Observe the rule still changes nothing.
	VerdictMatched VerdictReason = "Matched"
	// The namespace's name is none of `workloads.namespaces`.
	// Do: add it there if the rule is meant for it.
	VerdictNamespaceMismatch VerdictReason = "NamespaceMismatch"
	// The pod's labels do not meet `workloads.podSelector`; the detail names the first
	// that does not.
	// Do: change the label or the selector. Of a Deployment the labels of the template
	// count.
	VerdictPodSelectorMismatch VerdictReason = "PodSelectorMismatch"
	// The rule asks for labels of the namespace, and nobody knows them here. All other
	// conditions but `referencing` hold.
	// Do: give the Namespace among the inputs, or `--namespace-labels`; a webhook
	// needs a cluster to ask.
	VerdictNamespaceLabelsUnknown VerdictReason = "NamespaceLabelsUnknown"
	// The namespace's labels do not meet `workloads.namespaceSelector`.
	// Do: label the namespace, or change the selector.
	VerdictNamespaceSelectorMismatch VerdictReason = "NamespaceSelectorMismatch"
	// The rule wants `referencing`, and the pod shows no use of a destination; the
	// detail says how much was seen and what was not read, `holdfast explain` lists it.
	// Do: where it does use one, say so: annotation `holdfast.dev/middleware` with the
	// name of the rule or of the middleware (evidence.md).
	VerdictNotReferenced VerdictReason = "NotReferenced"
	// An entry of `gateways` selects the pod, and by Istio's labels, annotations and
	// containers it is no proxy.
	// Do: mend the entry's `selector`; a proxy that is none of Istio's reads no annotation
	// of Istio's.
	VerdictNotAGateway VerdictReason = "NotAGateway"
	// An entry of `gateways` selects the pod, and has `keepalive` alone: that is set by an
	// EnvoyFilter, and needs no annotation.
	// Do: nothing; see `holdfast render`.
	VerdictNothingForPods VerdictReason = "NothingForPods"
)

// Verdict is what one rule says to one pod.
type Verdict struct {
	Rule     string        `json:"rule"`
	Mode     Mode          `json:"mode"`
	Matched  bool          `json:"matched"`
	Reason   VerdictReason `json:"reason"`
	Detail   string        `json:"detail"`
	Evidence []Evidence    `json:"evidence,omitempty"`
}

// Evidence is one visible use of a destination.
type Evidence struct {
	Where   string `json:"where"`          // "container cart, env REDIS_URL"
	Address string `json:"address"`        // "redis.prod:6379"; never credentials
	Kind    string `json:"kind,omitempty"` // the middleware that the text says, whatever the port
	Form    string `json:"form,omitempty"` // the form in which the text shows it: "url", "sibling-kind"
	// Unresolved: it may be a destination. It is a name where the rule has only CIDRs,
	// or its host is not known.
	Unresolved bool `json:"unresolved,omitempty"`
	// MissedPort is the port of the address, where the rule does not list it and has a
	// strategy that goes by ports.
	MissedPort uint16 `json:"missedPort,omitempty"`
}

// String is "redis.prod:6379 in container cart, env REDIS_URL".
func (e Evidence) String() string { return e.Address + " in " + e.Where + e.Note() }

// Note says in parentheses, after a blank, what a reader should know of the evidence;
// it is empty where nothing is.
func (e Evidence) Note() string {
	switch {
	case e.MissedPort != 0:
		return fmt.Sprintf(" (on a port that the strategy does not reach: add %d to the rule's ports)", e.MissedPort)
	case e.Unresolved && strings.HasPrefix(e.Address, UnknownHost):
		return " (its host is not known, so it counts)"
	case e.Unresolved:
		return " (a name; the rule has only CIDRs, so it counts)"
	}
	return ""
}

// UnknownHost stands in an address for a host that is not known.
const UnknownHost = "?"
