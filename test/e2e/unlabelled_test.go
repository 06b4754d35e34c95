package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The rules in use are checked by their name: taking away the label, of the
// ConfigMap or of its namespace, lets no bad edit pass, whichever way it comes.
func TestUnlabelledRulesAreChecked(t *testing.T) {
	setRules(t, redisRules)
	admin := shared.cluster.Client
	merge := func(object client.Object, patch string) error {
		return admin.Patch(t.Context(), object, client.RawPatch(types.MergePatchType, []byte(patch)))
	}
	configMap := func() *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "holdfast-system", Name: "holdfast-rules"}}
	}
	if err := merge(configMap(), `{"metadata":{"labels":null}}`); err != nil {
		t.Fatalf("taking the label away from good rules: %v", err)
	}
	t.Cleanup(func() {
		back := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"holdfast.dev/rules":"true","app.kubernetes.io/name":"holdfast"}}}`))
		if err := admin.Patch(context.Background(), configMap(), back); err != nil {
			t.Error(err)
		}
	})
	if err := merge(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "holdfast-system"}}, `{"metadata":{"labels":{"kubernetes.io/metadata.name":null}}}`); err != nil {
		t.Fatal(err)
	}
	whole := func(labels map[string]string) *corev1.ConfigMap {
		bad := configMap()
		bad.Labels, bad.Data = labels, map[string]string{"rules.yaml": badRules}
		return bad
	}
	applied := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "holdfast-system", "name": "holdfast-rules"},
		"data": map[string]any{"rules.yaml": badRules},
	}}
	for name, edit := range map[string]func() error{
		"an update": func() error { return admin.Update(t.Context(), whole(nil), client.DryRunAll) },
		"label false": func() error {
			return admin.Update(t.Context(), whole(map[string]string{"holdfast.dev/rules": "false"}))
		},
		"a merge patch":       func() error { return merge(configMap(), fmt.Sprintf(`{"data":{"rules.yaml":%q}}`, badRules)) },
		"the key taken away":  func() error { return merge(configMap(), `{"data":{"rules.yaml":null,"rules.yml":"x"}}`) },
		"a server-side apply": func() error { return shared.cluster.Apply(t.Context(), applied) },
		"created anew":        func() error { return admin.Create(t.Context(), whole(nil), client.DryRunAll) },
		"another, by its label": func() error {
			other := whole(map[string]string{"holdfast.dev/rules": "true"})
			other.Name = "candidate"
			return admin.Create(t.Context(), other, client.DryRunAll)
		},
	} {
		if err := edit(); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "the rules are not accepted") {
			t.Errorf("%s: got %v, want it refused by /validate-rules", name, err)
		}
	}
	// ConfigMaps of others in the same namespace are nobody's business.
	other := whole(nil)
	other.Name = "settings"
	if err := admin.Create(t.Context(), other, client.DryRunAll); err != nil {
		t.Errorf("a ConfigMap without rules: %v", err)
	}
}
