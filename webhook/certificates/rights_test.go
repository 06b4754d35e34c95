package certificates_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/features"
	featurestesting "k8s.io/client-go/features/testing"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/webhook/certificates"
)

// No right is more than is needed: without it, something is missing and is told. What
// the chart gives suffices, as all other tests show.
func TestRights(t *testing.T) {
	// Newer API servers stream lists to who may watch. Older ones want both rights.
	// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists
	featurestesting.SetFeatureDuringTest(t, features.WatchListClient, false)
	role := &rbacv1.Role{}
	role.Namespace, role.Name = namespace, "holdfast"
	clusterRole := &rbacv1.ClusterRole{}
	clusterRole.Name = role.Name
	for _, object := range []client.Object{role, clusterRole} {
		if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			t.Fatal(err)
		}
	}
	all := append(append([]rbacv1.PolicyRule{}, role.Rules...), clusterRole.Rules...)
	set := func(rules []rbacv1.PolicyRule) {
		t.Helper()
		for object, put := range map[client.Object]func(){
			role: func() { role.Rules = rules[:len(role.Rules)] }, clusterRole: func() { clusterRole.Rules = rules[len(rules)-len(clusterRole.Rules):] },
		} {
			retry(t, func() error {
				if err := shared.Client.Get(context.Background(), client.ObjectKeyFromObject(object), object); err != nil {
					return err
				}
				put()
				return shared.Client.Update(context.Background(), object)
			})
		}
	}
	t.Cleanup(func() {
		set(all)
		for _, rule := range all {
			if !ofCertificates(rule) {
				continue
			}
			for _, verb := range rule.Verbs {
				eventually(t, "an authorizer that has read the roles", func() (bool, string) { return allowed(t, rule, verb), "" })
			}
		}
	})
	told := map[string]string{
		"list": "not allowed to watch", "watch": "not allowed to watch",
		"update": "not allowed to update Secret holdfast-system/holdfast-ca; apply the roles", "patch": "not allowed to patch",
	}
	seen := 0
	for i, rule := range all {
		if !ofCertificates(rule) {
			continue // test/chart tries what every holdfast needs
		}
		for _, verb := range rule.Verbs {
			t.Run(rule.Resources[0]+" "+verb, func(t *testing.T) {
				seen++
				less := append([]rbacv1.PolicyRule{}, all...)
				less[i].Verbs = []string{"none"} // a rule has to have one
				for _, v := range rule.Verbs {
					if v != verb {
						less[i].Verbs = append(less[i].Verbs, v)
					}
				}
				set(less)
				reset(t)
				eventually(t, "an authorizer that has read the roles", func() (bool, string) { return !allowed(t, rule, verb), "" })
				r := start(t, 1, &clock{}, rest.CopyConfig(shared.config))[0]
				eventually(t, "what is told", func() (bool, string) {
					log := r.log()
					return strings.Contains(log, told[verb]), log
				})
				if ok, body := r.ready(); ok && verb != "watch" {
					t.Errorf("got ready without the right: %s", body)
				}
			})
		}
	}
	if seen != 7 {
		t.Errorf("got %d rights, want 7", seen)
	}
}

// ofCertificates reports whether a rule is for what --self-signed writes.
func ofCertificates(rule rbacv1.PolicyRule) bool {
	return slices.Equal(rule.ResourceNames, []string{certificates.SecretName}) || slices.Equal(rule.ResourceNames, []string{certificates.ConfigurationName})
}

// allowed reports whether the API server lets holdfast's service account do this.
func allowed(t *testing.T, rule rbacv1.PolicyRule, verb string) bool {
	t.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "system:serviceaccount:" + namespace + ":holdfast",
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: verb, Group: rule.APIGroups[0], Resource: rule.Resources[0], Name: rule.ResourceNames[0],
		},
	}}
	if rule.APIGroups[0] != "" {
		review.Spec.ResourceAttributes.Namespace = ""
	}
	if err := shared.Client.Create(context.Background(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}
