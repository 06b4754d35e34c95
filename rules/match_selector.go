package rules

import (
	"slices"
	"strings"
)

// selector is a Selector as a list: matchLabels are requirements with one
// value, in the order of their keys, so that explanations do not vary.
type selector []Requirement

func compileSelector(s *Selector) selector {
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return nil
	}
	list := make(selector, 0, len(s.MatchLabels)+len(s.MatchExpressions))
	for key, value := range s.MatchLabels {
		list = append(list, Requirement{Key: key, Operator: OpIn, Values: []string{value}})
	}
	slices.SortFunc(list, func(a, b Requirement) int { return strings.Compare(a.Key, b.Key) })
	return append(list, s.MatchExpressions...)
}

// failing returns the first requirement that labels do not meet, or -1.
func (s selector) failing(labels map[string]string) int {
	for i := range s {
		if !s[i].holds(labels) {
			return i
		}
	}
	return -1
}

// holds answers as Kubernetes does: NotIn also holds where the label is absent.
func (r *Requirement) holds(labels map[string]string) bool {
	value, ok := labels[r.Key]
	return r.Accepts(value, ok)
}

// describe says in words why labels do not meet r; of is "pod" or "namespace".
func (r *Requirement) describe(of string, labels map[string]string) string {
	value, ok := labels[r.Key]
	got := "is missing"
	if ok {
		got = "is " + quoted(value)
	}
	want := ""
	switch r.Operator {
	case OpIn:
		want = "one of " + strings.Join(r.Values, ", ")
		if len(r.Values) == 1 {
			want = quoted(r.Values[0])
		}
	case OpNotIn:
		want = "none of " + strings.Join(r.Values, ", ")
	case OpExists:
		want = "any value"
	case OpDoesNotExist:
		want = "no such label"
	default:
		want = "an operator that Kubernetes knows, not " + quoted(r.Operator)
	}
	return of + " label " + r.Key + " " + got + ", want " + want
}

func quoted(s string) string { return `"` + oneLine(s) + `"` }
