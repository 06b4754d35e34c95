package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const bypassRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: cache
  destinations: {ports: [6379]}
  workloads: {referencing: true}
  strategy: {bypass: Ports}
`

// A policy against the annotations of a bypass refuses pods whose authors set
// none. Nothing of holdfast tells: it has answered by then. A dry run does.
func TestPolicyAgainstBypass(t *testing.T) {
	setRules(t, bypassRules)
	namespace := newNamespace(t, optedIn)
	if pod := create(t, newPod(namespace)); pod.Annotations["traffic.sidecar.istio.io/excludeOutboundPorts"] != "6379" {
		t.Fatalf("got annotations %v, want the bypass", pod.Annotations)
	}
	const counted = `holdfast_pods_total{reason="Patched"}`
	applyDocumented(t, "security.md", "no-traffic-exclusions")
	eventually(t, "a refused dry run", func() (bool, string) {
		err := shared.cluster.Client.Create(t.Context(), newPod(namespace), client.DryRunAll)
		return err != nil, fmt.Sprint(err)
	})
	before := metricLine(shared.holdfast.Metrics(t.Context()), counted)
	err := shared.cluster.Client.Create(t.Context(), newPod(namespace))
	if !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "no-traffic-exclusions") {
		t.Errorf("got %v, want the policy's refusal", err)
	}
	eventually(t, "the refused pod counted as patched", func() (bool, string) {
		after := metricLine(shared.holdfast.Metrics(t.Context()), counted)
		return after != before, after
	})
	// It is the rules' doing: a pod that shows no use of the port is admitted, and
	// so is one that is opted out.
	plain, out := newPod(namespace), newPod(namespace)
	plain.Spec.Containers[0].Env = nil
	out.Labels["holdfast.dev/enabled"] = "false"
	for _, pod := range []*corev1.Pod{plain, out} {
		if err := shared.cluster.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
			t.Errorf("a pod that gets no bypass: %v", err)
		}
	}
}

// With the policy of docs/security.md only a named group changes the rules,
// whatever rights others have in the namespace.
func TestPolicyAboutEditors(t *testing.T) {
	setRules(t, redisRules)
	// What the role "edit" says of ConfigMaps: that role has rules only where a
	// controller-manager runs.
	edit := metav1.ObjectMeta{Namespace: "holdfast-system", Name: "e2e-editors"}
	for _, object := range []client.Object{
		&rbacv1.Role{ObjectMeta: edit, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create", "delete", "patch", "update"},
		}}},
		&rbacv1.RoleBinding{
			ObjectMeta: edit,
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: edit.Name},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "editors"}},
		},
	} {
		if err := shared.cluster.Client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := shared.cluster.Client.Delete(context.Background(), object); err != nil {
				t.Error(err)
			}
		})
	}
	as := func(user string, groups ...string) client.Client {
		t.Helper()
		path, err := shared.cluster.Kubeconfig(t.TempDir(), user, append(groups, "system:authenticated")...)
		if err != nil {
			t.Fatal(err)
		}
		config, err := clientcmd.BuildConfigFromFlags("", path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := client.New(config, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	try := func(c client.Client, name string) error {
		object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "holdfast-system", Name: name}}
		object.Data = map[string]string{"rules.yaml": redisRules}
		err := c.Create(t.Context(), object, client.DryRunAll)
		if apierrors.IsAlreadyExists(err) {
			err = c.Update(t.Context(), object, client.DryRunAll)
		}
		return err
	}
	anybody, mesh := as("anybody", "editors"), as("mesh-admin", "editors", "mesh-admins")
	eventually(t, "the right to edit", func() (bool, string) { err := try(anybody, "holdfast-rules"); return err == nil, fmt.Sprint(err) })
	applyDocumented(t, "security.md", "holdfast-rules-editors")
	eventually(t, "the refusal", func() (bool, string) {
		err := try(anybody, "holdfast-rules")
		return err != nil && strings.Contains(err.Error(), "mesh-admins"), fmt.Sprint(err)
	})
	rules := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "holdfast-system", Name: "holdfast-rules"}}
	if err := anybody.Delete(t.Context(), rules, client.DryRunAll); err == nil {
		t.Error("anybody may delete the rules")
	}
	if err := mesh.Delete(t.Context(), rules, client.DryRunAll); err != nil {
		t.Errorf("the group that may: %v", err)
	}
	if err := try(mesh, "holdfast-rules"); err != nil {
		t.Errorf("the group that may: %v", err)
	}
	if err := try(anybody, "settings"); err != nil {
		t.Errorf("another ConfigMap: %v", err)
	}
}
