// Package variant is the list of what is measured.
package variant

import (
	"fmt"
	"slices"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
)

// Variant is one way in which pods are admitted.
type Variant struct {
	Name     string // of the label pods.VariantLabel, and in results
	Title    string
	Evidence pods.Evidence // of its pods
	Patches  bool          // its pods get holdfast's annotations

	Mode  string   // of test/bench/server
	Rules int      // of holdfast; 0: it is none
	Args  []string // further ones of holdfast
}

// Names of those that are compared with others.
const (
	None         = "none"
	BareAllows   = "bare-allows"
	Bare         = "bare"
	NoOp         = "noop"
	Conventional = "conventional"
	Policy       = "policy"
	// Quiet is holdfast with 10 rules that logs errors only.
	Quiet = "holdfast-10-quiet"
)

// MetricsPath is where servers say how long they take, and Duration is the metric that says it:
// the time from the first byte of a review to its answer.
const (
	MetricsPath = "/metrics"
	Duration    = "holdfast_admission_duration_seconds"
)

// Few, Several and Many are how many rules holdfast is measured with.
const (
	Few     = 10
	Several = 1_000
	Many    = 10_000
)

// Holdfast is the name of holdfast with so many rules, for pods that show their address in
// this place.
func Holdfast(rules int, evidence pods.Evidence) string {
	return fmt.Sprintf("holdfast-%d-%s", rules, evidence)
}

// Some are those of some names, in the order of All.
func Some(names ...string) []Variant {
	return slices.DeleteFunc(All(), func(v Variant) bool { return !slices.Contains(names, v.Name) })
}

// Measures reports whether the server says itself how long it takes.
func (v *Variant) Measures() bool { return v.Mode == "bare" || v.Rules > 0 }

// Webhook reports whether a server is asked.
func (v *Variant) Webhook() bool { return v.Mode != "" || v.Rules > 0 }

// All are in the order of reports. Each webhook is a process of its own, so that none is kept
// warm by the pods of another one.
func All() []Variant {
	list := []Variant{
		{Name: None, Title: "no webhook", Evidence: pods.Plain},
		{Name: BareAllows, Title: "bare server that allows", Evidence: pods.Plain, Mode: "bare"},
		{Name: Bare, Title: "bare server, holdfast's patch: the limit", Evidence: pods.Plain, Patches: true, Mode: "bare"},
		{Name: NoOp, Title: "controller-runtime, no-op", Evidence: pods.Plain, Mode: "noop"},
		{Name: Policy, Title: "MutatingAdmissionPolicy, in process", Evidence: pods.Plain, Patches: true},
		{Name: Conventional, Title: "conventional (typed, marshal, diff)", Evidence: pods.Plain, Patches: true, Mode: "conventional"},
	}
	for _, place := range []struct {
		evidence pods.Evidence
		title    string
	}{{pods.Plain, ""}, {pods.InConfigMap, ", address in a ConfigMap"}, {pods.Nowhere, ", none matches"}} {
		for _, rules := range []struct {
			n    int
			text string
		}{{Few, "10"}, {Several, "1,000"}, {Many, "10,000"}} {
			list = append(list, Variant{
				Name: Holdfast(rules.n, place.evidence), Title: "holdfast, " + rules.text + " rules" + place.title,
				Evidence: place.evidence, Patches: place.evidence != pods.Nowhere, Rules: rules.n,
			})
		}
	}
	return append(list, Variant{
		Name: Quiet, Title: "holdfast, 10 rules, log level error", Evidence: pods.Plain, Patches: true,
		Rules: Few, Args: []string{"--zap-log-level=error"},
	})
}
