package stage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// createPolicy creates the MutatingAdmissionPolicy, of Kubernetes from 1.36 on, which writes the
// same annotations without looking for an address. It does so as a JSON patch: an apply
// configuration was slower where it was tried, 1.3 times as slow with fat pods.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
func (s *Stage) createPolicy(ctx context.Context) error {
	if !slices.ContainsFunc(s.Variants, func(v variant.Variant) bool { return v.Name == variant.Policy }) {
		return nil
	}
	var operations []string
	for _, key := range slices.Sorted(maps.Keys(s.wanted)) {
		operations = append(operations, fmt.Sprintf(`JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey(%s), value: %s}`,
			strconv.QuoteToASCII(key), strconv.QuoteToASCII(s.wanted[key])))
	}
	ignore := admissionregistrationv1.Ignore
	meta := metav1.ObjectMeta{Name: "bench-" + variant.Policy}
	err := s.Cluster.Client.Create(ctx, &admissionregistrationv1.MutatingAdmissionPolicy{
		ObjectMeta: meta,
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			FailurePolicy:      &ignore,
			ReinvocationPolicy: admissionregistrationv1.IfNeededReinvocationPolicy,
			MatchConstraints: &admissionregistrationv1.MatchResources{
				ObjectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{pods.VariantLabel: variant.Policy}},
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{corev1.GroupName}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
				}}},
			},
			Mutations: []admissionregistrationv1.Mutation{{
				PatchType: admissionregistrationv1.PatchTypeJSONPatch,
				JSONPatch: &admissionregistrationv1.JSONPatch{Expression: "[" + strings.Join(operations, ", ") + "]"},
			}},
		},
	})
	if err != nil {
		return fmt.Errorf("creating a MutatingAdmissionPolicy, which needs Kubernetes 1.36: %w", err)
	}
	return s.Cluster.Client.Create(ctx, &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: meta,
		Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: meta.Name},
	})
}
