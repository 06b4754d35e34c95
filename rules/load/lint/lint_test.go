package lint

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
)

func drawRule(t *rapid.T) rules.Rule {
	var r rules.Rule
	r.Mode = rules.Enforce
	r.Workloads.Namespaces = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "a*", "*"}), 0, 2).Draw(t, "namespaces")
	for _, first := range rapid.SliceOfNDistinct(rapid.Uint16Range(1, 4), 0, 2, rapid.ID[uint16]).Draw(t, "ports") {
		last := first
		if rapid.Bool().Draw(t, "many") {
			last += maxFiled
		}
		r.Destinations.Ports = append(r.Destinations.Ports, ports.Range{First: first * 100, Last: last * 100})
	}
	slices.SortFunc(r.Destinations.Ports, func(a, b ports.Range) int { return int(a.First) - int(b.First) })
	idle := time.Duration(rapid.IntRange(2, 4).Draw(t, "idle")) * time.Hour
	r.Strategy.IdleTimeout, r.Strategy.Scope = &idle, rules.ScopeSidecar
	return r
}

// The index leaves out no rule that comparing with every earlier one finds.
func TestIndexFindsEveryConflict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawRule), 1, 12).Draw(t, "rules")
		var want, got []int
		for i := range list {
			if slices.ContainsFunc(list[:i], func(other rules.Rule) bool {
				return new(comparison).conflict(&list[i], &other) != ""
			}) {
				want = append(want, i)
			}
		}
		for _, c := range Conflicts(list) {
			if c.Other >= c.Rule || c.Why == "" {
				t.Errorf("got %+v, want a reason and an earlier rule", c)
			}
			got = append(got, c.Rule)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got conflicts of rules %v, want %v", got, want)
		}
	})
}

// Long lists are looked up, short ones compared: both give the same.
func TestFilter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.SampledFrom(strings.Split("abcdefghijklmnopqrstuvwxyz", "")), 0, 40)
		list, other, in := texts.Draw(t, "list"), texts.Draw(t, "other"), rapid.Bool().Draw(t, "in")
		want := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) != in })
		if got := filter(list, other, in); got == nil || !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestUnmatchable(t *testing.T) {
	one := func(operator string, values ...string) rules.Requirement {
		return rules.Requirement{Key: "app", Operator: operator, Values: values}
	}
	for _, test := range []struct {
		name     string // the rule
		selector rules.Selector
		want     string
	}{
		{"no condition", rules.Selector{}, ""},
		{"what In leaves over", rules.Selector{MatchExpressions: []rules.Requirement{one(rules.OpIn, "a", "b"), one(rules.OpNotIn, "a")}}, ""},
		{"nothing left over", rules.Selector{MatchExpressions: []rules.Requirement{one(rules.OpNotIn, "a", "b"), one(rules.OpIn, "b")}}, "podSelector: no value of app meets all conditions"},
		{"a label with a value that must not be there", rules.Selector{MatchLabels: map[string]string{"app": ""}, MatchExpressions: []rules.Requirement{one(rules.OpDoesNotExist)}}, "podSelector: app must be there and must not be there"},
		{"absent labels meet NotIn", rules.Selector{MatchExpressions: []rules.Requirement{one(rules.OpDoesNotExist), one(rules.OpNotIn, "a")}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Unmatchable(&rules.Workloads{PodSelector: &test.selector}); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
