package admission

import (
	"slices"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
)

// A dry run with the probe's annotation is answered by a warning, whatever is decided;
// a pod that is really created is not, so that nobody gets noise from a template.
func TestProbe(t *testing.T) {
	const pod = `{"metadata":{"name":"a","annotations":{"holdfast.dev/probe":"doctor-1"},"labels":{"holdfast.dev/enabled":"ENABLED"}}}`
	const text = `{apiVersion: holdfast.dev/v1alpha1, kind: Rules, rules: [{name: a, destinations: {ports: [1]}, workloads: {referencing: true}, strategy: {idleTimeout: 2h}}]}`
	for _, test := range []struct {
		name, enabled, dryRun string
		reason                rules.Reason // "" where there is no answer
	}{
		{"decided", "true", "true", rules.NoRuleMatched},
		{"skipped", "false", "true", rules.OptedOut},
		{"really created", "true", "false", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := responseOf(t, post(newPodHandler(t, text), reviewOf(pod, `"dryRun":false`, `"dryRun":`+test.dryRun, "ENABLED", test.enabled)))
			var want []string
			if test.reason != "" {
				want = []string{rules.WarningText(rules.ProbeAnswer("doctor-1", test.reason))}
			}
			if !slices.Equal(response.Warnings, want) {
				t.Errorf("got warnings %q, want %q", response.Warnings, want)
			}
		})
	}
	response := responseOf(t, post(newPodHandler(t, ""), reviewOf(pod, `"dryRun":false`, `"dryRun":true`, "ENABLED", "true")))
	if want := rules.WarningText(rules.ProbeAnswer("doctor-1", rules.RulesUnavailable)); !slices.Equal(response.Warnings, []string{want}) {
		t.Errorf("without rules: got warnings %q, want %q", response.Warnings, want)
	}
}
