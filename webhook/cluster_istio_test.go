package webhook

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// testIstioSettings: per revision, through tags, live.
func testIstioSettings(t *testing.T, c *cluster.Cluster, facts func() *rules.Pod) {
	ports := func() string {
		if mesh := facts().Mesh; mesh != nil {
			return istio.FormatPorts(mesh.ExcludeOutboundPorts)
		}
		return "unknown"
	}
	want := func(what, text string) {
		t.Helper()
		eventually(t, what, func() (bool, string) { got := ports(); return got == text, got })
	}
	settings := func(name, revision, ports string) *corev1.ConfigMap {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: name, Labels: map[string]string{"istio.io/rev": revision}},
			Data:       map[string]string{"config": "templates", "values": fmt.Sprintf(`{"global":{"proxy":{"excludeOutboundPorts":%s,"excludeIPRanges":""}}}`, ports)},
		}
	}
	want("nothing known before Istio is there", "unknown")
	standard := settings("istio-sidecar-injector", "default", `"5432"`)
	createObject(t, c, standard)
	want("the default revision", "5432")
	standard.Data["values"] = `{"global":{"proxy":{"excludeOutboundPorts":"5432,25"}}}`
	if err := c.Client.Update(t.Context(), standard); err != nil {
		t.Fatal(err)
	}
	want("the change", "5432,25")
	createObject(t, c, settings("istio-sidecar-injector-v2", "v2", `"1"`))

	relabel := func(labels map[string]string) {
		t.Helper()
		shop := &corev1.Namespace{}
		if err := c.Client.Get(t.Context(), client.ObjectKey{Name: "shop"}, shop); err != nil {
			t.Fatal(err)
		}
		shop.Labels = labels
		if err := c.Client.Update(t.Context(), shop); err != nil {
			t.Fatal(err)
		}
	}
	relabel(map[string]string{"istio.io/rev": "v2"})
	want("the namespace's revision", "1")
	relabel(map[string]string{"istio.io/rev": "prod"})
	want("a tag that nobody made", "unknown")
	tag := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
		"metadata": map[string]any{"name": "istio-revision-tag-prod", "labels": map[string]any{"istio.io/tag": "prod", "istio.io/rev": "v2"}},
	}}
	createObject(t, c, tag)
	want("the tag's revision", "1")
	tag.SetLabels(map[string]string{"istio.io/tag": "prod", "istio.io/rev": "default"})
	if err := c.Client.Update(t.Context(), tag); err != nil {
		t.Fatal(err)
	}
	want("the tag moved", "5432,25")
	if err := c.Client.Delete(t.Context(), tag); err != nil {
		t.Fatal(err)
	}
	want("the tag gone", "unknown")
	relabel(map[string]string{"istio-injection": "enabled"})
	if err := c.Client.Delete(t.Context(), standard); err != nil {
		t.Fatal(err)
	}
	want("Istio gone", "unknown")
}
