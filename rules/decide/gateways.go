package decide

import (
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/merge"
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

// proxyVariable is what the pod's own container istio-proxy has in its environment.
func proxyVariable(pod *rules.Pod, name string) (value string, ok bool) {
	for i := range pod.Containers {
		if pod.Containers[i].Name != istio.ProxyContainer {
			continue
		}
		for _, variable := range pod.Containers[i].Env { // the last one wins, as for the kubelet
			if variable.Name == name {
				value, ok = variable.Value, true
			}
		}
	}
	return value, ok
}

// warnOfIdleTimeout warns where a gateway's idle timeout is not, or not everywhere, what its
// annotation says.
func warnOfIdleTimeout(pod *rules.Pod, gateway istio.Gateway, inForce merge.Targets, o *rules.Outcome, warn *rules.Warnings) {
	if gateway <= istio.GatewayInjected || inForce&merge.IdleTimeout == 0 {
		return
	}
	if value, ok := proxyVariable(pod, istio.IdleTimeoutMetadata); ok && value != idleTimeoutOf(pod, o.Set) {
		warn.Add(rules.WarnIdleTimeoutNotReached, istio.IdleTimeoutMetadata+"=", value, " in the env of istio-proxy wins over idleTimeout, take it out there")
	}
	if gateway == istio.GatewayWaypoint {
		warn.Add(rules.WarnTunnelsCutIdle, "idleTimeout does not reach a waypoint's tunnels to ambient pods: they keep 1 h, see docs/ambient.md", "", "")
	}
}

// idleTimeoutOf is what the pod's annotation says once these are set; "" where that is nothing.
func idleTimeoutOf(pod *rules.Pod, set []rules.Annotation) string {
	text := pod.Annotations[istio.ProxyConfigAnnotation]
	for _, a := range set {
		if a.Key == istio.ProxyConfigAnnotation {
			text = a.Value
		}
	}
	config, err := proxyconfig.Parse(text)
	if err != nil {
		return ""
	}
	value, _ := config.Metadata(istio.IdleTimeoutMetadata)
	return value
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
