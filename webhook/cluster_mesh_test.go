package webhook

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const keepaliveRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
mesh: {rootNamespace: %s}
rules:
- name: redis
  destinations: {middleware: [redis]}
  strategy: {idleTimeout: 48h, keepalive: {time: 120s, interval: 30s, probes: 3}}
`

// Whoever creates a pod is warned while the object that it needs is not in
// Istio's root namespace, as far as holdfast can see, with the rights that
// deploy/install.yaml gives it. Without Istio nobody is warned.
func TestMissingMeshObject(t *testing.T) {
	c, config := withCluster(t)
	s := start(t, fmt.Sprintf(keepaliveRules, "istio-system"), func(o *Options) { o.NoCluster, o.RESTConfig = false, config })
	client := s.client()
	t.Cleanup(client.CloseIdleConnections)
	warnings := func() string {
		t.Helper()
		answer, err := s.answer(client)
		if err != nil {
			t.Fatal(err)
		}
		if len(answer.Patch) == 0 {
			t.Fatalf("got %v, want the annotations in every case", answer.AuditAnnotations)
		}
		return strings.Join(answer.Warnings, "\n")
	}
	const missing = "the mesh lacks holdfast-keepalive-120s-30s-3"
	warned := func(why string, want bool) {
		t.Helper()
		eventually(t, why, func() (bool, string) { got := warnings(); return strings.Contains(got, missing) == want, got })
	}
	metric := func(want string) {
		t.Helper()
		if text := s.metrics(t); !strings.Contains(text, "\nholdfast_cluster_synced{watch=\"istio_mesh_objects\"} "+want+"\n") {
			t.Errorf("the metric does not say %s", want)
		}
	}

	eventually(t, "readiness without Istio", func() (bool, string) { return s.ready(t) })
	eventually(t, "a line in the log", func() (bool, string) {
		log := s.log.String()
		return strings.Contains(log, "cannot read the EnvoyFilters"), log
	})
	if got := warnings(); got != "" {
		t.Errorf("got %q without Istio, want no warning", got)
	}
	metric("0")
	if err := c.InstallEnvoyFilters(); err != nil {
		t.Fatal(err)
	}
	warned("a warning once Istio is there", true)
	metric("1")

	object := func(namespace string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter",
			"metadata": map[string]any{"name": "holdfast-keepalive-120s-30s-3", "namespace": namespace},
		}}
	}
	createObject(t, c, object("istio-system"))
	warned("no warning with the object", false)
	if err := c.Client.Delete(t.Context(), object("istio-system")); err != nil {
		t.Fatal(err)
	}
	warned("a warning after its deletion", true)

	// Another root namespace, where holdfast may read nothing: unknown again.
	createObject(t, c, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "mesh-root"}})
	s.write(t, "rules.yaml", fmt.Sprintf(keepaliveRules, "mesh-root"))
	warned("no warning for a namespace that nobody can read", false)
	metric("0")
	createObject(t, c, object("istio-system"))
	s.write(t, "rules.yaml", fmt.Sprintf(keepaliveRules, "istio-system"))
	metricAgain := func() (bool, string) {
		text := s.metrics(t)
		return strings.Contains(text, "\nholdfast_cluster_synced{watch=\"istio_mesh_objects\"} 1\n"), ""
	}
	eventually(t, "the first root namespace again", metricAgain)
	if got := warnings(); got != "" {
		t.Errorf("got %q, want the object that came meanwhile seen", got)
	}
	if log := s.log.String(); strings.Count(log, "cannot read the EnvoyFilters") != 2 {
		t.Errorf("got a log that does not name each root namespace's refusal once:\n%s", log)
	}
}
