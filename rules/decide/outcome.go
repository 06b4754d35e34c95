package decide

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// outcome turns the rules that match into a decision. The passage's remark is added to
// its Detail.
func (s *Set) outcome(f *facts, matched []int32, p *passage) rules.Outcome {
	var warn warnings
	enforced, observed := s.byMode(matched)
	o := rules.Outcome{Observed: s.names(observed)}
	warnOfEnabled(f.pod, &warn)
	if p.gateway == istio.NoGateway { // else no rule was asked
		s.warnOfUnknownLabels(f, &warn)
		s.warnOfUnknownNames(f, &warn)
	}
	if f.found.Cut && p.gateway == istio.NoGateway {
		warn.add(rules.WarnTooManyAddresses, "not all addresses of this pod were read, too many; name what it uses in "+rules.MiddlewareAnnotation, "", "")
	}
	if len(observed) > 0 {
		if would, over := s.bounded(f.pod, matched); over == nil && len(would.rules) > 0 {
			o.Would = would.set
		}
		warn.add(rules.WarnObserved, "mode Observe, nothing changed for ", strings.Join(o.Observed, ", "), "; set mode: Enforce to patch")
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
	o.Warnings = warn.all()
	return o
}

// enforce fills the outcome with what the enforced rules change.
func (s *Set) enforce(pod *rules.Pod, enforced []int32, gateway istio.Gateway, o *rules.Outcome, warn *warnings) {
	m, over := s.bounded(pod, enforced)
	if m != nil {
		warn.takeAll(&m.warnings)
	}
	if over != nil {
		s.leaveTooLarge(over, enforced, o, warn)
		s.takeBack(pod, o)
		return
	}
	if len(m.rules) == 0 {
		o.Reason, o.Detail = rules.LeftAlone, m.whyLeftAlone()
		s.takeBack(pod, o)
		return
	}
	o.Rules, o.Hash, o.Set, o.Remove, o.MeshObjects = m.rules, m.hash, m.set, m.remove, m.mesh
	_, injected := pod.Annotations[istio.StatusAnnotation]
	switch {
	case len(o.Set)+len(o.Remove) == 0:
		o.Reason = rules.AlreadyApplied
	case injected:
		o.Reason = rules.AlreadyInjected
		if !pod.Admitted {
			warn.add(rules.WarnAlreadyInjected, `Istio injected before holdfast: webhook configuration "holdfast" must sort before istio's`, "", "")
		}
	default:
		o.Reason = rules.Patched
	}
	sayLifecycle(pod, gateway, m.inForce, o, warn)
	warnOfIdleTimeout(pod, gateway, m, warn)
	o.Detail = listed(o.Rules) + " in force"
	if pod.Admitted && len(o.Set)+len(o.Remove) > 0 {
		o.Detail = listed(o.Rules) + " in force after a restart"
	}
	for _, note := range m.notes {
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
	return m.set, m.remove
}

// bounded is merge within the size policy. A pod that is over a limit as it is
// gives no merged, unless it carries what holdfast wrote: then another webhook
// made it grow after a first call, which is no news.
func (s *Set) bounded(pod *rules.Pod, matched []int32) (*merged, *excess) {
	if _, ours := pod.Annotations[rules.AppliedAnnotation]; !ours {
		if over := exceeds(pod); over != nil {
			return nil, over
		}
	}
	m := s.merge(pod, matched)
	return m, m.exceeds(pod)
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

// warnOfUnknownLabels names the first rule that fails only because nobody knows
// the namespace's labels. The index does not lead to all such rules.
func (s *Set) warnOfUnknownLabels(f *facts, warn *warnings) {
	if f.pod.Namespace.Known {
		return
	}
	for _, rule := range s.namespaceSelectors {
		if s.rules[rule].match(f) == rules.VerdictNamespaceLabelsUnknown {
			warn.add(rules.WarnNamespaceLabelsUnknown, "namespace labels are unknown here: rule ", s.rules[rule].Name,
				" does not match by namespaceSelector")
			return
		}
	}
}

// warnOfUnknownNames warns of names in rules.MiddlewareAnnotation that mean
// nothing, if any rule looks at it at all.
func (s *Set) warnOfUnknownNames(f *facts, warn *warnings) {
	for _, declared := range f.found.Declared {
		if declared.Middleware == "" && !s.hasRule(declared.Name) {
			warn.add(rules.WarnUnknownMiddleware, rules.MiddlewareAnnotation+": ", declared.Name, " is neither rule nor middleware; see `holdfast middleware`")
		}
	}
}

func (s *Set) hasRule(name string) bool {
	for i := range s.ofSidecars() {
		if s.rules[i].Name == name {
			return true
		}
	}
	return false
}

// maxWarnings keeps the answer to an API server readable.
const maxWarnings = 10

// warnings collects what a pod's author should know.
type warnings struct {
	list []rules.Warning
	more int
}

// add makes a warning as rules.NewWarning does.
func (w *warnings) add(code rules.WarningCode, head, variable, tail string) {
	w.take(rules.NewWarning(code, head, variable, tail))
}

// take adds a warning, or counts it if there are enough.
func (w *warnings) take(warning rules.Warning) {
	if len(w.list) == maxWarnings {
		w.more++
		return
	}
	w.list = append(w.list, warning)
}

// takeAll adds the warnings of another list.
func (w *warnings) takeAll(other *warnings) {
	for _, warning := range other.list {
		w.take(warning)
	}
	w.more += other.more
}

// all returns the warnings, with a last one that counts those left out.
func (w *warnings) all() []rules.Warning {
	if w.more == 0 {
		return w.list
	}
	return append(w.list, rules.Warning{Code: rules.WarnMore, Message: fmt.Sprintf("%d more warnings about this pod are not shown", w.more)})
}
