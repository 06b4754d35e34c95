package decide

import (
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// What is neither "true" nor "false" is said, wherever it stands and whatever becomes
// of the pod, but where the pod is out anyway.
func TestUnknownEnabled(t *testing.T) {
	const (
		label      = `pod label holdfast.dev/enabled is "`
		annotation = `pod annotation holdfast.dev/enabled is "`
		namespace  = `namespace label holdfast.dev/enabled is "`
		advice     = `": it does nothing, write "true" or "false"`
	)
	set := func(values map[string]string, value string) { values[rules.EnabledKey] = value }
	for _, test := range []struct {
		rule    string
		options Options
		pod     func(p *rules.Pod)
		reason  rules.Reason
		want    []string
	}{
		{"a label", Options{}, func(p *rules.Pod) { set(p.Labels, "no") }, rules.Patched, []string{label + "no" + advice}},
		{"an annotation, in other letters", Options{}, func(p *rules.Pod) { set(p.Annotations, "False") }, rules.Patched, []string{annotation + "False" + advice}},
		{"nothing is not false", Options{}, func(p *rules.Pod) { set(p.Annotations, "") }, rules.Patched, []string{annotation + advice}},
		{"both", Options{}, func(p *rules.Pod) { set(p.Labels, "no"); set(p.Annotations, "off") }, rules.Patched, []string{label + "no" + advice, annotation + "off" + advice}},
		{"a namespace that is therefore not opted in", Options{}, func(p *rules.Pod) { set(p.Namespace.Labels, "yes") }, rules.NamespaceNotOptedIn, []string{namespace + "yes" + advice}},
		{"a namespace that is therefore not opted out", Options{ClusterWide: true}, func(p *rules.Pod) { set(p.Namespace.Labels, "disabled") }, rules.Patched, []string{namespace + "disabled" + advice}},
		{"a pod that gets no sidecar", Options{}, func(p *rules.Pod) { p.HostNetwork = true; set(p.Labels, "no") }, rules.NoSidecar, []string{label + "no" + advice}},
		{"true and false are known", Options{}, func(p *rules.Pod) { set(p.Labels, "true"); set(p.Annotations, "true") }, rules.Patched, nil},
		{"a pod that is out by the other way", Options{}, func(p *rules.Pod) { set(p.Labels, "false"); set(p.Annotations, "off") }, rules.OptedOut, nil},
	} {
		pod := shopPod()
		test.pod(pod)
		outcome := compileRules(t, bypassMySQL).Decide(pod, test.options)
		if outcome.Reason != test.reason || len(outcome.Warnings) != len(test.want) {
			t.Errorf("%s: got %s and %v, want %s and %d warnings", test.rule, outcome.Reason, outcome.Warnings, test.reason, len(test.want))
			continue
		}
		for i, w := range outcome.Warnings {
			if w.Code != rules.WarnUnknownEnabled || w.Message != test.want[i] {
				t.Errorf("%s: got %v, want %q", test.rule, w, test.want[i])
			}
		}
	}
}

// Of a running pod nothing is said of the order of webhooks, which nobody saw.
func TestAdmittedPods(t *testing.T) {
	for _, test := range []struct {
		rule        string
		annotations []string
		reason      rules.Reason
		want        string
	}{
		{"injected, without our mark", []string{istio.StatusAnnotation, "{}"}, rules.AlreadyInjected, "admitted before this rule: restart it, annotations of a running pod change nothing"},
		{"injected, with the mark of other rules", []string{istio.StatusAnnotation, "{}", rules.AppliedAnnotation, `{"rules":["x"],"hash":"y"}`}, rules.AlreadyInjected, "admitted under other rules: restart it, annotations of a running pod change nothing"},
		{"older than Istio", nil, rules.Patched, "admitted before this rule: restart it, annotations of a running pod change nothing"},
	} {
		set, pod := compileRules(t, bypassMySQL), shopPod(test.annotations...)
		pod.Admitted = true
		outcome := set.Decide(pod, Options{})
		if outcome.Reason != test.reason || outcome.Detail != "mysql in force after a restart" ||
			len(outcome.Warnings) != 1 || outcome.Warnings[0].Code != rules.WarnAdmittedBefore || outcome.Warnings[0].Message != test.want {
			t.Errorf("%s: got %s, %s, %v, want %s and %q", test.rule, outcome.Reason, outcome.Detail, outcome.Warnings, test.reason, test.want)
		}
		apply(pod, outcome)
		other := compileRules(t, "rules: []").Decide(pod, Options{})
		if other.Reason != rules.TakenBack || len(other.Warnings) != 1 || !strings.HasPrefix(other.Warnings[0].Message, "admitted under other rules: restart it") {
			t.Errorf("%s: got %s, %v where no rule matches any more, want it to say to restart it", test.rule, other.Reason, other.Warnings)
		}
		if again := set.Decide(pod, Options{}); again.Reason != rules.AlreadyApplied || again.Detail != "mysql in force" || again.Warnings != nil {
			t.Errorf("%s: got %s, %s, %v for one under these rules, want AlreadyApplied and silence", test.rule, again.Reason, again.Detail, again.Warnings)
		}
	}
}
