package rules

import (
	"strconv"
	"strings"
	"sync"

	"github.com/holdfast-mesh/holdfast/istio"
)

// Options are the installation's settings.
type Options struct {
	// ClusterWide considers every namespace that is not opted out.
	ClusterWide bool
}

// Decide says what becomes of a pod. A nil Set decides RulesUnavailable. It is
// deterministic, and deciding on its own result gives AlreadyApplied.
func (s *Set) Decide(pod *Pod, options Options) Outcome {
	sidecar, outcome, stop := s.gate(pod, options)
	if stop {
		return outcome
	}
	d := newDecision(pod)
	defer d.release()
	d.candidates = s.index.candidates(&d.facts, &s.vocabulary, d.candidates[:0])
	for _, i := range d.candidates {
		d.take(s, i, s.rules[i].match(&d.facts, &s.vocabulary))
	}
	// The index does not lead to all rules that ask for labels nobody knows.
	if !pod.Namespace.Known {
		d.unknown = -1
		for _, i := range s.namespaceSelectors {
			if s.rules[i].match(&d.facts, &s.vocabulary) == VerdictNamespaceLabelsUnknown {
				d.unknown = i
				break
			}
		}
	}
	return s.outcome(d, sidecar)
}

// Explain is Decide with the verdict of every rule, in file order. Verdicts
// are given also where the outcome is a skip, so that a reader sees what the
// rules would have said.
func (s *Set) Explain(pod *Pod, options Options) (Outcome, []Verdict) {
	sidecar, outcome, stop := s.gate(pod, options)
	if s == nil {
		return outcome, nil
	}
	d := newDecision(pod)
	defer d.release()
	if s.index.has(keyRule) {
		d.facts.scan(&s.vocabulary)
	}
	verdicts := make([]Verdict, len(s.rules))
	for i := range s.rules {
		verdicts[i] = s.rules[i].verdict(&d.facts, &s.vocabulary)
		d.take(s, int32(i), verdicts[i].Reason)
	}
	if stop {
		return outcome, verdicts
	}
	return s.outcome(d, sidecar), verdicts
}

// gate answers what does not depend on rules. sidecar is a remark about
// injection. With stop, the outcome is final.
func (s *Set) gate(pod *Pod, options Options) (sidecar string, outcome Outcome, stop bool) {
	skip := func(reason Reason, detail string) (string, Outcome, bool) {
		return "", Outcome{Reason: reason, Detail: detail}, true
	}
	if _, ok := pod.Annotations[MirrorPodAnnotation]; ok {
		return skip(MirrorPod, "the pod mirrors a static pod of its node, annotate its file there")
	}
	const off = "false"
	switch namespace := &pod.Namespace; {
	case pod.Labels[EnabledKey] == off:
		return skip(OptedOut, "pod label "+EnabledKey+" is false")
	case pod.Annotations[EnabledKey] == off:
		return skip(OptedOut, "pod annotation "+EnabledKey+" is false")
	case !namespace.Known:
	case namespace.Labels[EnabledKey] == off:
		return skip(OptedOut, "namespace label "+EnabledKey+" is false")
	case !options.ClusterWide && namespace.Labels[EnabledKey] != "true":
		return skip(NamespaceNotOptedIn, "namespace "+quoted(namespace.Name)+" lacks label "+EnabledKey+`: "true"`)
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
		return skip(NoSidecar, detail)
	case s == nil:
		return skip(RulesUnavailable, "no rules are loaded")
	case injection == istio.InjectionUnlabelled && pod.Namespace.Known:
		sidecar = "no label asks Istio for a sidecar"
	}
	return sidecar, Outcome{}, false
}

// decision is the scratch space of one Decide.
type decision struct {
	facts      facts
	candidates []int32
	matched    []int32
	enforced   []int32
	observed   []int32
	unknown    int32 // a rule that failed for want of namespace labels, or -1
}

var decisions = sync.Pool{New: func() any { return new(decision) }}

func newDecision(pod *Pod) *decision {
	d := decisions.Get().(*decision)
	d.facts.pod = pod
	d.unknown = -1
	return d
}

// release forgets the pod and keeps the space, unless a hostile pod made it big.
func (d *decision) release() {
	s := &d.facts.scanner
	clear(s.addresses)
	clear(s.pairs[:cap(s.pairs)])
	clear(s.expansion.replaced)
	clear(d.facts.declared)
	*d = decision{
		facts: facts{
			declared: d.facts.declared[:0],
			scanner: scanner{
				addresses: s.addresses[:0],
				pairs:     s.pairs[:0],
				expansion: expansion{replaced: s.expansion.replaced[:0]},
			},
		},
		candidates: d.candidates[:0],
		matched:    d.matched[:0],
		enforced:   d.enforced[:0],
		observed:   d.observed[:0],
	}
	if cap(s.pairs) < 4096 && cap(s.expansion.replaced) < 4096 {
		decisions.Put(d)
	}
}

func (d *decision) take(s *Set, rule int32, verdict string) {
	switch verdict {
	case VerdictMatched:
		d.matched = append(d.matched, rule)
		if s.rules[rule].Mode == Observe {
			d.observed = append(d.observed, rule)
		} else {
			d.enforced = append(d.enforced, rule)
		}
	case VerdictNamespaceLabelsUnknown:
		if d.unknown < 0 {
			d.unknown = rule
		}
	}
}

// outcome turns the rules that match into a decision.
func (s *Set) outcome(d *decision, sidecar string) Outcome {
	var warn warnings
	pod := d.facts.pod
	o := Outcome{Observed: s.names(d.observed)}
	if d.unknown >= 0 {
		warn.add(WarnNamespaceLabelsUnknown, "namespace labels are unknown here: rule ", s.rules[d.unknown].Name,
			" does not match by namespaceSelector")
	}
	s.checkDeclared(d, &warn)
	if len(d.observed) > 0 {
		var unheard warnings
		would := s.merge(pod, d.matched, &unheard)
		if would.fits(pod) {
			o.Would = would.set
		}
		warn.add(WarnObserved, "mode Observe, nothing changed for ", strings.Join(o.Observed, ", "), "; set mode: Enforce to patch")
	}
	switch {
	case len(d.matched) == 0:
		o.Reason = NoRuleMatched
		o.Detail = "none of " + strconv.Itoa(len(s.rules)) + " rules matches"
	case len(d.enforced) == 0:
		o.Reason = Observed
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
func (s *Set) enforce(d *decision, o *Outcome, warn *warnings) {
	pod := d.facts.pod
	r := s.merge(pod, d.enforced, warn)
	o.Rules, o.Hash = r.rules, r.hash
	if !r.fits(pod) {
		o.Reason, o.Rules, o.Hash = InternalError, nil, ""
		o.Detail = "with the rules' annotations the pod would carry over 262144 bytes of them, which no API server accepts"
		warn.add(WarnTooLarge, "nothing changed: annotations would exceed 262144 bytes; narrow the bypass rules, first ",
			s.rules[d.enforced[0]].Name, "")
		return
	}
	o.Set, o.Remove = r.set, r.remove
	_, injected := pod.Annotations[istio.StatusAnnotation]
	switch {
	case len(o.Set)+len(o.Remove) == 0:
		o.Reason = AlreadyApplied
	case injected:
		o.Reason = AlreadyInjected
		warn.add(WarnAlreadyInjected, `Istio injected before holdfast: webhook configuration "holdfast" must sort before istio's`, "", "")
	default:
		o.Reason = Patched
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

// checkDeclared warns of names in MiddlewareAnnotation that mean nothing, if
// any rule looks at it at all.
func (s *Set) checkDeclared(d *decision, warn *warnings) {
	for i := range d.facts.declared {
		item := &d.facts.declared[i]
		if item.middleware == "" && !s.hasRule(item.name) {
			warn.add(WarnUnknownMiddleware, MiddlewareAnnotation+": ", item.name, " is neither rule nor middleware; see `holdfast middleware`")
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
