package decide

import (
	"strconv"
	"strings"

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
	sidecar, outcome, stop := s.gate(pod, options)
	if stop {
		return outcome
	}
	f := facts{pod: pod}
	if s.index.has(keyRule) {
		f.found = evidence.Scan(pod)
	}
	d := newDecision(&f)
	for _, i := range s.index.candidates(&f, make([]int32, 0, usualCandidates)) {
		d.take(s, i, s.rules[i].match(&f))
	}
	// The index does not lead to all rules that ask for labels nobody knows.
	if !pod.Namespace.Known {
		d.unknown = -1
		for _, i := range s.namespaceSelectors {
			if s.rules[i].match(&f) == rules.VerdictNamespaceLabelsUnknown {
				d.unknown = i
				break
			}
		}
	}
	return s.outcome(&d, sidecar)
}

// Explain is Decide with the verdict of every rule, in file order. Verdicts
// are given also where the outcome is a skip, so that a reader sees what the
// rules would have said.
func (s *Set) Explain(pod *rules.Pod, options Options) (rules.Outcome, []rules.Verdict) {
	sidecar, outcome, stop := s.gate(pod, options)
	if s == nil {
		return outcome, nil
	}
	f := facts{pod: pod}
	if s.index.has(keyRule) {
		f.found = evidence.Scan(pod)
	}
	d := newDecision(&f)
	verdicts := make([]rules.Verdict, len(s.rules))
	for i := range s.rules {
		verdicts[i] = s.rules[i].verdict(&f)
		d.take(s, int32(i), verdicts[i].Reason)
	}
	if stop {
		return outcome, verdicts
	}
	return s.outcome(&d, sidecar), verdicts
}

// gate answers what does not depend on rules. sidecar is a remark about
// injection. With stop, the outcome is final.
func (s *Set) gate(pod *rules.Pod, options Options) (sidecar string, outcome rules.Outcome, stop bool) {
	skip := func(reason rules.Reason, detail string) (string, rules.Outcome, bool) {
		return "", rules.Outcome{Reason: reason, Detail: detail}, true
	}
	if _, ok := pod.Annotations[rules.MirrorPodAnnotation]; ok {
		return skip(rules.MirrorPod, "the pod mirrors a static pod of its node, annotate its file there")
	}
	const off = "false"
	switch namespace := &pod.Namespace; {
	case pod.Labels[rules.EnabledKey] == off:
		return skip(rules.OptedOut, "pod label "+rules.EnabledKey+" is false")
	case pod.Annotations[rules.EnabledKey] == off:
		return skip(rules.OptedOut, "pod annotation "+rules.EnabledKey+" is false")
	case !namespace.Known:
	case namespace.Labels[rules.EnabledKey] == off:
		return skip(rules.OptedOut, "namespace label "+rules.EnabledKey+" is false")
	case !options.ClusterWide && namespace.Labels[rules.EnabledKey] != "true":
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
		sidecar = "no label asks Istio for a sidecar"
	}
	return sidecar, rules.Outcome{}, false
}

// What most pods need no more than: room for it is on the stack.
const (
	usualCandidates = 32
	usualMatches    = 8
)

// decision is what the rules said to one pod so far.
type decision struct {
	facts    *facts
	matched  []int32 // by any mode; the next two are parts of it
	enforced []int32
	observed []int32
	unknown  int32 // a rule that failed for want of namespace labels, or -1
}

// newDecision is small enough to be inlined, so that its lists are on the
// caller's stack.
func newDecision(f *facts) decision {
	return decision{
		facts:    f,
		matched:  make([]int32, 0, usualMatches),
		enforced: make([]int32, 0, usualMatches),
		observed: make([]int32, 0, usualMatches),
		unknown:  -1,
	}
}

func (d *decision) take(s *Set, rule int32, verdict rules.VerdictReason) {
	switch verdict {
	case rules.VerdictMatched:
		d.matched = append(d.matched, rule)
		if s.rules[rule].Mode == rules.Observe {
			d.observed = append(d.observed, rule)
		} else {
			d.enforced = append(d.enforced, rule)
		}
	case rules.VerdictNamespaceLabelsUnknown:
		if d.unknown < 0 {
			d.unknown = rule
		}
	}
}

// outcome turns the rules that match into a decision.
func (s *Set) outcome(d *decision, sidecar string) rules.Outcome {
	var warn warnings
	pod := d.facts.pod
	o := rules.Outcome{Observed: s.names(d.observed)}
	if d.unknown >= 0 {
		warn.add(rules.WarnNamespaceLabelsUnknown, "namespace labels are unknown here: rule ", s.rules[d.unknown].Name,
			" does not match by namespaceSelector")
	}
	s.checkDeclared(d, &warn)
	if len(d.observed) > 0 {
		var unheard warnings
		would := s.merge(pod, d.matched, &unheard)
		if would.fits(pod) {
			o.Would = would.set
		}
		warn.add(rules.WarnObserved, "mode Observe, nothing changed for ", strings.Join(o.Observed, ", "), "; set mode: Enforce to patch")
	}
	switch {
	case len(d.matched) == 0:
		o.Reason = rules.NoRuleMatched
		o.Detail = "none of " + strconv.Itoa(len(s.rules)) + " rules matches"
	case len(d.enforced) == 0:
		o.Reason = rules.Observed
		o.Detail = listed(o.Observed) + " only observe"
		if len(o.Observed) == 1 {
			o.Detail = listed(o.Observed) + " only observes"
		}
	default:
		s.enforce(d, &o, &warn)
	}
	if sidecar != "" {
		o.Detail += "; " + sidecar
	}
	o.Warnings = warn.all()
	return o
}

// enforce fills the outcome with what the enforced rules change.
func (s *Set) enforce(d *decision, o *rules.Outcome, warn *warnings) {
	pod := d.facts.pod
	r := s.merge(pod, d.enforced, warn)
	o.Rules, o.Hash = r.rules, r.hash
	if !r.fits(pod) {
		o.Reason, o.Rules, o.Hash = rules.InternalError, nil, ""
		o.Detail = "with the rules' annotations the pod would carry over 262144 bytes of them, which no API server accepts"
		warn.add(rules.WarnTooLarge, "nothing changed: annotations would exceed 262144 bytes; narrow the bypass rules, first ",
			s.rules[d.enforced[0]].Name, "")
		return
	}
	o.Set, o.Remove = r.set, r.remove
	_, injected := pod.Annotations[istio.StatusAnnotation]
	switch {
	case len(o.Set)+len(o.Remove) == 0:
		o.Reason = rules.AlreadyApplied
	case injected:
		o.Reason = rules.AlreadyInjected
		warn.add(rules.WarnAlreadyInjected, `Istio injected before holdfast: webhook configuration "holdfast" must sort before istio's`, "", "")
	default:
		o.Reason = rules.Patched
	}
	o.Detail = listed(o.Rules) + " in force"
	if len(o.Rules) == 0 {
		o.Detail = "matching rules could not be put in force, see the warnings"
	}
	for _, note := range r.notes {
		o.Detail += "; " + note
	}
}

func (s *Set) names(list []int32) []string {
	if len(list) == 0 {
		return nil
	}
	names := make([]string, len(list))
	for i, rule := range list {
		names[i] = s.rules[rule].Name
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

// checkDeclared warns of names in rules.MiddlewareAnnotation that mean nothing, if
// any rule looks at it at all.
func (s *Set) checkDeclared(d *decision, warn *warnings) {
	for i := range d.facts.found.Declared {
		item := &d.facts.found.Declared[i]
		if item.Middleware == "" && !s.hasRule(item.Name) {
			warn.add(rules.WarnUnknownMiddleware, rules.MiddlewareAnnotation+": ", item.Name, " is neither rule nor middleware; see `holdfast middleware`")
		}
	}
}

func (s *Set) hasRule(name string) bool {
	for i := range s.rules {
		if s.rules[i].Name == name {
			return true
		}
	}
	return false
}
