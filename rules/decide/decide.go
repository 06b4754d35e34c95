package decide

import (
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Options are the installation's settings.
type Options struct {
	// ClusterWide considers every namespace that is not opted out.
	ClusterWide bool
}

// Decide says what becomes of a pod. A nil Set decides RulesUnavailable. It is
// deterministic, and deciding on its own result gives AlreadyApplied.
func (s *Set) Decide(pod *rules.Pod, options Options) rules.Outcome {
	remark, outcome, stop := s.gate(pod, options)
	if stop {
		return outcome
	}
	f := s.facts(pod)
	defer f.found.Release()
	matched := make([]int32, 0, usualMatches)
	for _, i := range s.index.candidates(&f, make([]int32, 0, usualCandidates)) {
		if s.rules[i].match(&f) == rules.VerdictMatched {
			matched = append(matched, i)
		}
	}
	return s.outcome(&f, matched, remark)
}

// What most pods need no more than: room for it is on the stack.
const (
	usualCandidates = 32
	usualMatches    = 16
)

// Explain is Decide with the verdict of every rule, in file order. Verdicts
// are given also where the outcome is a skip, so that a reader sees what the
// rules would have said.
func (s *Set) Explain(pod *rules.Pod, options Options) (rules.Outcome, []rules.Verdict) {
	remark, outcome, stop := s.gate(pod, options)
	if s == nil {
		return outcome, nil
	}
	f := s.facts(pod)
	defer f.found.Release()
	var matched []int32
	verdicts := make([]rules.Verdict, len(s.rules))
	for i := range s.rules {
		verdicts[i] = s.rules[i].verdict(&f)
		if verdicts[i].Matched {
			matched = append(matched, int32(i))
		}
	}
	if stop {
		return outcome, verdicts
	}
	return s.outcome(&f, matched, remark), verdicts
}

// The values of rules.EnabledKey.
const on, off = "true", "false"

// gate answers what does not depend on rules. With stop, the outcome is final;
// else remark is what to say about injection, if anything.
func (s *Set) gate(pod *rules.Pod, options Options) (remark string, outcome rules.Outcome, stop bool) {
	skip := func(reason rules.Reason, detail string) (string, rules.Outcome, bool) {
		var warn warnings
		if reason != rules.MirrorPod && reason != rules.OptedOut { // as its author wants it
			warnOfEnabled(pod, &warn)
		}
		return "", rules.Outcome{Reason: reason, Detail: detail, Warnings: warn.all()}, true
	}
	if _, ok := pod.Annotations[rules.MirrorPodAnnotation]; ok {
		return skip(rules.MirrorPod, "the pod mirrors a static pod of its node, annotate its file there")
	}
	switch namespace := &pod.Namespace; {
	case pod.Labels[rules.EnabledKey] == off:
		return skip(rules.OptedOut, "pod label "+rules.EnabledKey+" is false")
	case pod.Annotations[rules.EnabledKey] == off:
		return skip(rules.OptedOut, "pod annotation "+rules.EnabledKey+" is false")
	case !namespace.Known:
	case namespace.Labels[rules.EnabledKey] == off:
		return skip(rules.OptedOut, "namespace label "+rules.EnabledKey+" is false")
	case !options.ClusterWide && namespace.Labels[rules.EnabledKey] != on:
		return skip(rules.NamespaceNotOptedIn, "namespace "+quoted(namespace.Name)+" lacks label "+rules.EnabledKey+`: "true"`)
	}
	injection, detail := istio.WillInject(istio.InjectionFacts{
		Namespace:            pod.Namespace.Name,
		NamespaceLabels:      pod.Namespace.Labels,
		NamespaceLabelsKnown: pod.Namespace.Known,
		PodLabels:            pod.Labels,
		PodAnnotations:       pod.Annotations,
		HostNetwork:          pod.HostNetwork,
	})
	switch {
	case injection == istio.InjectionNone:
		return skip(rules.NoSidecar, detail)
	case s == nil:
		return skip(rules.RulesUnavailable, "no rules are loaded")
	case injection == istio.InjectionUnlabelled && pod.Namespace.Known:
		remark = "no label asks Istio for a sidecar"
	}
	return remark, rules.Outcome{}, false
}
