package decide

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Selectors mean what Kubernetes means.
func TestSelectorsAgreeWithKubernetes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSelector(t, "selector")
		if s == nil {
			s = &rules.Selector{}
		}
		reference := &metav1.LabelSelector{MatchLabels: s.MatchLabels}
		for _, r := range s.MatchExpressions {
			reference.MatchExpressions = append(reference.MatchExpressions, metav1.LabelSelectorRequirement{
				Key: r.Key, Operator: metav1.LabelSelectorOperator(r.Operator), Values: r.Values,
			})
		}
		oracle, err := metav1.LabelSelectorAsSelector(reference)
		if err != nil {
			t.Fatal(err)
		}
		set := drawLabels(t, "labels")
		if got, want := compileSelector(s).failing(set) < 0, oracle.Matches(labels.Set(set)); got != want {
			t.Fatalf("%+v on %v: got %v, want %v", s, set, got, want)
		}
	})
}

func TestRequirementsInWords(t *testing.T) {
	set := map[string]string{"tier": "web\nx"}
	tests := []struct {
		rule string
		r    rules.Requirement
		want string
	}{
		{"a missing label", rules.Requirement{Key: "app", Operator: rules.OpIn, Values: []string{"a"}}, `pod label app is missing, want "a"`},
		{"one of several, in one line", rules.Requirement{Key: "tier", Operator: rules.OpIn, Values: []string{"a", "b"}}, `pod label tier is "web x", want one of a, b`},
		{"none of", rules.Requirement{Key: "tier", Operator: rules.OpNotIn, Values: []string{"web\nx"}}, "pod label tier is \"web x\", want none of web\nx"},
		{"no such label", rules.Requirement{Key: "tier", Operator: rules.OpDoesNotExist}, `pod label tier is "web x", want no such label`},
		{"an operator from nowhere", rules.Requirement{Key: "tier", Operator: "Gt"}, `pod label tier is "web x", want an operator that Kubernetes knows, not "Gt"`},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			s := selector{test.r}
			if s.failing(set) != 0 {
				t.Fatalf("%+v holds, want it not to", test.r)
			}
			if got := s.mismatch("pod", set); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
