package decide

import (
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// Options are the installation's settings.
type Options struct {
	// ClusterWide considers every namespace that is not opted out.
	ClusterWide bool
}

// Decide says what becomes of a pod. A nil Set decides RulesUnavailable. It is
// deterministic, and deciding on its own result gives AlreadyApplied.
func (s *Set) Decide(pod *rules.Pod, options Options) rules.Outcome {
	p, outcome, stop := s.gate(pod, options)
	switch {
	case stop:
		return outcome
	case p.gateway != istio.NoGateway:
		return s.decideGateway(&facts{pod: pod}, &p)
	}
	f := s.facts(pod, evidence.Recall)
	defer f.found.Release()
	matched := make([]int32, 0, usualMatches)
	for _, i := range s.index.candidates(&f, make([]int32, 0, usualCandidates)) {
		if s.rules[i].match(&f) == rules.VerdictMatched {
			matched = append(matched, i)
		}
	}
	return s.outcome(&f, matched, &p)
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
	p, outcome, stop := s.gate(pod, options)
	if s == nil {
		return outcome, nil
	}
	f := s.facts(pod, evidence.Scan)
	defer f.found.Release()
	if p.gateway != istio.NoGateway {
		return s.decideGateway(&f, &p), s.gatewayVerdicts(&f, p.gateway)
	}
	var matched []int32
	verdicts := make([]rules.Verdict, len(s.ofSidecars()))
	for i := range verdicts {
		verdicts[i] = s.rules[i].verdict(&f)
		if verdicts[i].Matched {
			matched = append(matched, int32(i))
		}
	}
	verdicts = append(verdicts, s.gatewayVerdicts(&f, istio.NoGateway)...)
	if stop {
		return outcome, verdicts
	}
	return s.outcome(&f, matched, &p), verdicts
}

// The values of rules.EnabledKey.
const on, off = "true", "false"

// passage is what the gate found of a pod that it let pass.
type passage struct {
	remark  string // what to say about injection, if anything
	gateway istio.Gateway
}

// gate answers what does not depend on rules. With stop, the outcome is final.
func (s *Set) gate(pod *rules.Pod, options Options) (p passage, outcome rules.Outcome, stop bool) {
	skip := func(reason rules.Reason, detail string) (passage, rules.Outcome, bool) {
		var warn rules.Warnings
		if reason != rules.MirrorPod && reason != rules.OptedOut { // as its author wants it
			warnOfEnabled(pod, &warn)
		}
		return passage{}, rules.Outcome{Reason: reason, Detail: detail, Warnings: warn.All()}, true
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
	facts := istio.InjectionFacts{
		Namespace:            pod.Namespace.Name,
		NamespaceLabels:      pod.Namespace.Labels,
		NamespaceLabelsKnown: pod.Namespace.Known,
		PodLabels:            pod.Labels,
		PodAnnotations:       pod.Annotations,
		HostNetwork:          pod.HostNetwork,
	}
	if p.gateway, p.remark = gatewayOf(pod, facts); p.gateway != istio.NoGateway && s != nil {
		return p, rules.Outcome{}, false
	}
	injection, detail := istio.WillInject(facts)
	switch {
	case injection == istio.InjectionNone:
		return skip(rules.NoSidecar, detail)
	case s == nil:
		return skip(rules.RulesUnavailable, "no rules are loaded")
	case injection == istio.InjectionUnlabelled && pod.Namespace.Known:
		p.remark = "no label asks Istio for a sidecar"
	}
	return p, rules.Outcome{}, false
}
