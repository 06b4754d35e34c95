package lint

import (
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Unmatchable says why no pod can meet the conditions, or nothing.
func Unmatchable(w *rules.Workloads) string {
	pod, why := needs(w.PodSelector)
	if why != "" {
		return "podSelector: " + why
	}
	namespace, why := needs(w.NamespaceSelector)
	if why != "" {
		return "namespaceSelector: " + why
	}
	switch {
	case pod.only(rules.EnabledKey, "false"), namespace.only(rules.EnabledKey, "false"):
		return rules.EnabledKey + " false opts out of every rule"
	case pod.only(istio.InjectKey, "false"):
		return "with " + istio.InjectKey + " false there is no sidecar"
	case namespace.only(istio.InjectionLabel, "disabled"):
		return "with " + istio.InjectionLabel + " disabled there is no sidecar"
	}
	if len(w.Namespaces) == 0 {
		return ""
	}
	if all(w.Namespaces, istio.NeverInjected) {
		return "Istio adds no sidecar in " + strings.Join(w.Namespaces, ", ")
	}
	names := namespace[rules.NamespaceNameLabel]
	exact := all(w.Namespaces, func(s string) bool { return !strings.Contains(s, "*") })
	if exact && names != nil && len(filter(w.Namespaces, names, true)) == 0 {
		return "namespaces and namespaceSelector name different namespaces"
	}
	return ""
}

// allowed are the values that labels may have for a selector to match, by key.
type allowed map[string][]string

func (a allowed) only(key, value string) bool { return slices.Equal(a[key], []string{value}) }

// maxAnalysed is how many conditions of a selector are looked at: as many as
// anybody reads.
const maxAnalysed = 64

// needs collects what a selector requires of each label, and says why nothing
// can fulfil it, if so.
func needs(s *rules.Selector) (labels allowed, impossible string) {
	if s == nil {
		return nil, ""
	}
	labels = make(allowed, len(s.MatchLabels))
	for k, v := range s.MatchLabels {
		labels[k] = []string{v}
	}
	if len(s.MatchLabels)+len(s.MatchExpressions) > maxAnalysed {
		return labels, ""
	}
	exists := map[string]bool{}
	narrow := func(r *rules.Requirement, in bool) string {
		if labels[r.Key] = filter(labels[r.Key], r.Values, in); len(labels[r.Key]) == 0 {
			return "no value of " + r.Key + " meets all conditions"
		}
		return ""
	}
	for i := range s.MatchExpressions {
		r := &s.MatchExpressions[i]
		exists[r.Key] = exists[r.Key] || r.Operator == rules.OpExists
		if r.Operator != rules.OpIn {
			continue
		}
		if labels[r.Key] == nil {
			labels[r.Key] = r.Values
		} else if why := narrow(r, true); why != "" {
			return nil, why
		}
	}
	for i := range s.MatchExpressions {
		r := &s.MatchExpressions[i]
		switch {
		case r.Operator == rules.OpNotIn && labels[r.Key] != nil:
			if why := narrow(r, false); why != "" {
				return nil, why
			}
		case r.Operator == rules.OpDoesNotExist && (labels[r.Key] != nil || exists[r.Key]):
			return nil, r.Key + " must be there and must not be there"
		}
	}
	return labels, ""
}

// filter returns the texts of list that are in other or, with in false, those
// that are not: in linear time, and never nil.
func filter(list, other []string, in bool) []string {
	holds := func(s string) bool { return slices.Contains(other, s) }
	if len(other) > 16 {
		set := make(map[string]bool, len(other))
		for _, s := range other {
			set[s] = true
		}
		holds = func(s string) bool { return set[s] }
	}
	kept := []string{}
	for _, s := range list {
		if holds(s) == in {
			kept = append(kept, s)
		}
	}
	return kept
}

func all(list []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}
