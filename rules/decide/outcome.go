package decide

import (
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

// outcome turns the rules that match into a decision. The passage's remark is added to
// its Detail.
func (s *Set) outcome(f *facts, matched []int32, p *passage) rules.Outcome {
	var warn rules.Warnings
	enforced, observed := s.byMode(matched)
	o := rules.Outcome{Observed: s.names(observed)}
	warnOfEnabled(f.pod, &warn)
	if p.gateway == istio.NoGateway { // else no rule was asked
		s.warnOfUnknownLabels(f, &warn)
		s.warnOfUnknownNames(f, &warn)
	}
	if f.found.Cut && p.gateway == istio.NoGateway {
		warn.Add(rules.WarnTooManyAddresses, "not all addresses of this pod were read, too many; name what it uses in "+rules.MiddlewareAnnotation, "", "")
	}
	if len(observed) > 0 {
		if would, over := s.bounded(f.pod, matched); over == nil && len(would.Rules) > 0 {
			o.Would = would.Set
		}
		warn.Add(rules.WarnObserved, "mode Observe, nothing changed for ", strings.Join(o.Observed, ", "), "; set mode: Enforce to patch")
	}
	switch {
	case len(matched) == 0:
		o.Reason = rules.NoRuleMatched
		o.Detail = "none of " + strconv.Itoa(len(s.ofSidecars())) + " rules matches"
		s.takeBack(f.pod, &o)
	case len(enforced) == 0:
		o.Reason = rules.Observed
		o.Detail = listed(o.Observed) + " only observe"
		if len(o.Observed) == 1 {
			o.Detail = listed(o.Observed) + " only observes"
		}
		s.takeBack(f.pod, &o)
	default:
		s.enforce(f.pod, enforced, p.gateway, &o, &warn)
	}
	if f.pod.Admitted && len(o.Set)+len(o.Remove) > 0 {
		warnOfAdmitted(f.pod, &warn)
	}
	if p.remark != "" {
		o.Detail += "; " + p.remark
	}
	o.Warnings = warn.All()
	return o
}

// enforce fills the outcome with what the enforced rules change.
func (s *Set) enforce(pod *rules.Pod, enforced []int32, gateway istio.Gateway, o *rules.Outcome, warn *rules.Warnings) {
	m, over := s.bounded(pod, enforced)
	if m != nil {
		warn.TakeAll(&m.Warnings)
	}
	if over != nil {
		s.leaveTooLarge(over, enforced, o, warn)
		s.takeBack(pod, o)
		return
	}
	if len(m.Rules) == 0 {
		o.Reason, o.Detail = rules.LeftAlone, m.WhyLeftAlone()
		s.takeBack(pod, o)
		return
	}
	o.Rules, o.Hash, o.Set, o.Remove, o.MeshObjects = m.Rules, m.Hash, m.Set, m.Remove, m.MeshObjects
	_, injected := pod.Annotations[istio.StatusAnnotation]
	switch {
	case len(o.Set)+len(o.Remove) == 0:
		o.Reason = rules.AlreadyApplied
	case injected:
		o.Reason = rules.AlreadyInjected
		if !pod.Admitted {
			warn.Add(rules.WarnAlreadyInjected, `Istio injected before holdfast: webhook configuration "holdfast" must sort before istio's`, "", "")
		}
	default:
		o.Reason = rules.Patched
	}
	sayLifecycle(pod, gateway, m.InForce, o, warn)
	warnOfIdleTimeout(pod, gateway, m.InForce, o, warn)
	o.Detail = listed(o.Rules) + " in force"
	if pod.Admitted && len(o.Set)+len(o.Remove) > 0 {
		o.Detail = listed(o.Rules) + " in force after a restart"
	}
	for _, note := range m.Notes {
		o.Detail += "; " + note
	}
}

// takeBack fills the outcome of a pod that gets nothing with what takes back what
// it got before.
func (s *Set) takeBack(pod *rules.Pod, o *rules.Outcome) {
	if _, ok := pod.Annotations[rules.AppliedAnnotation]; !ok {
		return
	}
	o.Set, o.Remove = s.TakeBack(pod)
	o.Detail += "; what holdfast had written is taken back"
	if o.Reason == rules.NoRuleMatched || o.Reason == rules.Observed {
		o.Reason = rules.TakenBack
	}
}

// TakeBack returns what takes everything back that holdfast had written on a pod,
// whatever the rules say now: annotations to set and keys to remove, sorted.
func (s *Set) TakeBack(pod *rules.Pod) (set []rules.Annotation, remove []string) {
	m := s.merge(pod, nil)
	return m.Set, m.Remove
}

// bounded is merge within the size policy. A pod that is over a limit as it is
// gives no result, unless it carries what holdfast wrote: then another webhook
// made it grow after a first call, which is no news.
func (s *Set) bounded(pod *rules.Pod, matched []int32) (*merge.Result, *excess) {
	if _, ours := pod.Annotations[rules.AppliedAnnotation]; !ours {
		if over := exceeds(pod); over != nil {
			return nil, over
		}
	}
	m := s.merge(pod, matched)
	return m, exceedsWith(m, pod)
}

// byMode tells the rules that patch from those that only observe.
func (s *Set) byMode(matched []int32) (enforced, observed []int32) {
	observes := func(rule int32) bool { return s.rules[rule].Mode == rules.Observe }
	if !slices.ContainsFunc(matched, observes) {
		return matched, nil
	}
	for _, rule := range matched {
		if observes(rule) {
			observed = append(observed, rule)
		} else {
			enforced = append(enforced, rule)
		}
	}
	return enforced, observed
}

func (s *Set) names(list []int32) []string {
	var names []string
	for _, rule := range list {
		names = append(names, s.rules[rule].Name)
	}
	return names
}

// listed names up to five rules.
func listed(names []string) string {
	const shown = 5
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:shown], ", ") + " and " + strconv.Itoa(len(names)-shown) + " more"
}
