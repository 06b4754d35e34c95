package decide

import (
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
)

// selector is a Selector as a list: matchLabels are requirements with one
// value, in the order of their keys, so that explanations do not vary.
type selector []rules.Requirement

func compileSelector(s *rules.Selector) selector {
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return nil
	}
	list := make(selector, 0, len(s.MatchLabels)+len(s.MatchExpressions))
	for key, value := range s.MatchLabels {
		list = append(list, rules.Requirement{Key: key, Operator: rules.OpIn, Values: []string{value}})
	}
	slices.SortFunc(list, func(a, b rules.Requirement) int { return strings.Compare(a.Key, b.Key) })
	return append(list, s.MatchExpressions...)
}

// failing returns the first requirement that labels do not meet, or -1. As in
// Kubernetes, NotIn also holds where the label is absent.
func (s selector) failing(labels map[string]string) int {
	for i := range s {
		value, ok := labels[s[i].Key]
		if !s[i].Accepts(value, ok) {
			return i
		}
	}
	return -1
}

// mismatch says in words which requirement labels do not meet; of is "pod" or
// "namespace".
func (s selector) mismatch(of string, labels map[string]string) string {
	r := &s[s.failing(labels)]
	value, ok := labels[r.Key]
	got := "is missing"
	if ok {
		got = "is " + quoted(value)
	}
	want := ""
	switch r.Operator {
	case rules.OpIn:
		want = "one of " + strings.Join(r.Values, ", ")
		if len(r.Values) == 1 {
			want = quoted(r.Values[0])
		}
	case rules.OpNotIn:
		want = "none of " + strings.Join(r.Values, ", ")
	case rules.OpExists:
		want = "any value"
	case rules.OpDoesNotExist:
		want = "no such label"
	default:
		want = "an operator that Kubernetes knows, not " + quoted(r.Operator)
	}
	return of + " label " + r.Key + " " + got + ", want " + want
}

func quoted(s string) string { return `"` + clip.OneLine(s) + `"` }
