package decide

import (
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// gatewayPrefix is in front of the names of gateways entries where those of rules stand: an
// outcome, a verdict, the record on a pod.
const gatewayPrefix = "gateways/"

// gatewayRule is an entry of gateways as a rule: for the pods of one namespace with some
// labels. Its keepalive is the business of an EnvoyFilter.
func gatewayRule(g *rules.Gateway, mode rules.Mode) *rules.Rule {
	return &rules.Rule{
		Name: gatewayPrefix + g.Name, Mode: mode,
		Workloads: rules.Workloads{Namespaces: []string{g.Namespace}, PodSelector: &rules.Selector{MatchLabels: g.Selector}},
		Strategy: rules.Strategy{
			IdleTimeout: g.IdleTimeout, Scope: rules.ScopeSidecar,
			DrainDuration: g.DrainDuration, DrainJitter: g.DrainJitter, SidecarStopsLast: g.StopsLast,
		},
		Line: g.Line, Column: g.Column,
	}
}

// ofSidecars are the rules that are for pods with a sidecar; behind them in s.rules stand
// the entries of gateways.
func (s *Set) ofSidecars() []compiled { return s.rules[:len(s.file.Rules)] }

// gatewayOf says whether the pod is a proxy itself, by what Istio documents.
func gatewayOf(pod *rules.Pod, facts istio.InjectionFacts) (istio.Gateway, string) {
	for i := range pod.Containers {
		if c := &pod.Containers[i]; c.Name == istio.ProxyContainer {
			return istio.IsGateway(facts, true, c.Args)
		}
	}
	return istio.IsGateway(facts, false, nil)
}

// named returns the entries of gateways that select the pod and have something for it.
func (s *Set) named(f *facts) (matched []int32) {
	for i := len(s.file.Rules); i < len(s.rules); i++ {
		if c := &s.rules[i]; c.Targets != 0 && c.match(f) == rules.VerdictMatched {
			matched = append(matched, int32(i))
		}
	}
	return matched
}

// decideGateway decides about a pod that is a proxy itself: only entries of gateways are
// for it, and one that none names stays as it is.
func (s *Set) decideGateway(f *facts, p *passage) rules.Outcome {
	if matched := s.named(f); len(matched) > 0 {
		return s.outcome(f, matched, p)
	}
	var warn rules.Warnings
	warnOfEnabled(f.pod, &warn)
	o := rules.Outcome{Reason: rules.NoSidecar, Detail: p.remark + "; no entry of gateways has anything for it", Warnings: warn.All()}
	if _, ours := f.pod.Annotations[rules.AppliedAnnotation]; ours {
		o.Reason = rules.TakenBack
		s.takeBack(f.pod, &o)
	}
	return o
}

// gatewayVerdicts are those of the entries of gateways: of all for a pod that is a proxy
// itself; for another, of those that select it all the same.
func (s *Set) gatewayVerdicts(f *facts, kind istio.Gateway) (verdicts []rules.Verdict) {
	for i := len(s.file.Rules); i < len(s.rules); i++ {
		c := &s.rules[i]
		v := c.verdict(f)
		switch {
		case kind == istio.NoGateway && !v.Matched:
			continue
		case kind == istio.NoGateway:
			v.Matched, v.Reason, v.Detail = false, rules.VerdictNotAGateway, "the entry selects this pod, which is no gateway by its labels, annotations and containers"
		case v.Matched && c.Targets == 0:
			v.Matched, v.Reason, v.Detail = false, rules.VerdictNothingForPods, "the entry has keepalive alone, which is set on listeners by an EnvoyFilter"
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}
