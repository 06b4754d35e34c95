package e2e

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// keepaliveRules has a keepalive that begins after so many seconds.
const keepaliveRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h, keepalive: {time: %ds, interval: 30s, probes: 3}}
`

// With --manage-mesh an edit of the ConfigMap is all: the object that the new
// value needs is made, and the next pod carries it. Before Istio is there, pods
// are decided too, and an Event on the ConfigMap says what is missing.
func TestManageMesh(t *testing.T) {
	c, err := cluster.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Rights(t.Context(), t.TempDir(), "--set", "manageMesh=true"); err != nil {
		t.Fatal(err)
	}
	var log cluster.Output
	h, err := c.Install(t.Context(), cluster.HoldfastOptions{Binary: shared.binary, Output: &log, Args: []string{"--manage-mesh"}})
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	t.Cleanup(func() {
		h.Stop()
		if t.Failed() {
			t.Logf("log of holdfast:\n%s", &log)
		}
	})
	warned, err := newWarningLog(c)
	if err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: optedIn}}
	if err := c.Client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	edit := func(seconds int) {
		t.Helper()
		text := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"data":{"rules.yaml":%q}}`, fmt.Sprintf(keepaliveRules, seconds)))
		rules := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "holdfast-system", Name: "holdfast-rules"}}
		if err := c.Client.Patch(t.Context(), rules, text); err != nil {
			t.Fatal(err)
		}
	}
	// nextPod waits for a pod with a value, and says what its author is told.
	nextPod := func(value string) (warnings string) {
		t.Helper()
		eventually(t, "a pod with "+value, func() (bool, string) {
			pod := newPod(namespace.Name)
			list, err := warned.create(t.Context(), pod)
			if err != nil {
				return false, err.Error()
			}
			warnings = strings.Join(list, "\n")
			config := pod.Annotations["proxy.istio.io/config"]
			return pod.Annotations["holdfast.dev/keepalive"] == value && strings.Contains(config, `ISTIO_META_HOLDFAST_KEEPALIVE: "`+value+`"`), config
		})
		return warnings
	}
	made := func(name string) {
		t.Helper()
		object := &unstructured.Unstructured{}
		object.SetAPIVersion("networking.istio.io/v1alpha3")
		object.SetKind("EnvoyFilter")
		eventually(t, name, func() (bool, string) {
			err := c.Client.Get(t.Context(), client.ObjectKey{Namespace: "istio-system", Name: name}, object)
			return err == nil && object.GetLabels()["app.kubernetes.io/managed-by"] == "holdfast", fmt.Sprint(err)
		})
	}
	metric := func(line string) {
		t.Helper()
		eventually(t, line, func() (bool, string) {
			name, _, _ := strings.Cut(line, " ")
			got := metricLine(h.Metrics(t.Context()), name)
			return got == line, got
		})
	}

	edit(120)
	if got := nextPod("120s-30s-3"); got != "" {
		t.Errorf("got %q, want no warning before Istio is there", got)
	}
	metric("holdfast_istio_crds_missing 1")
	eventually(t, "an Event on the ConfigMap", func() (bool, string) {
		var events corev1.EventList
		if err := c.Client.List(t.Context(), &events, client.InNamespace("holdfast-system")); err != nil {
			return false, err.Error()
		}
		for _, e := range events.Items {
			if e.Reason == "IstioDefinitionsMissing" && e.InvolvedObject.Name == "holdfast-rules" && e.Type == corev1.EventTypeWarning {
				return true, ""
			}
		}
		return false, fmt.Sprintf("%d events", len(events.Items))
	})
	if err := c.InstallEnvoyFilters(); err != nil {
		t.Fatal(err)
	}
	made("holdfast-keepalive-120s-30s-3")
	metric("holdfast_istio_crds_missing 0")
	metric(`holdfast_mesh_objects{kind="keepalive",state="present"} 1`)
	metric("holdfast_mesh_leader 1")

	edit(60)
	made("holdfast-keepalive-60s-30s-3")
	nextPod("60s-30s-3")
	eventually(t, "a pod without a warning", func() (bool, string) {
		got := nextPod("60s-30s-3")
		return got == "", got
	})
	metric(`holdfast_mesh_objects{kind="keepalive",state="waiting_for_pods"} 1`)
}
