package webhook

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/istio"
)

// With the revisions given, the right to their ConfigMaps by name is enough, and no other
// is read.
func TestIstioRevisions(t *testing.T) {
	c, config := withCluster(t, "--set", "istio.revisions={default,v2}")
	for name, revision := range map[string]string{"": "default", "-v2": "v2", "-v3": "v3"} {
		createObject(t, c, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "istio-sidecar-injector" + name, Labels: map[string]string{"istio.io/rev": revision}},
			Data:       map[string]string{"values": fmt.Sprintf(`{"global":{"proxy":{"excludeOutboundPorts":"%d","excludeIPRanges":""}}}`, 1000+len(name))},
		})
	}
	shop := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"holdfast.dev/enabled": "true"}}}
	createObject(t, c, shop)
	seen := make(seenPods, 1)
	s := start(t, testRules, func(o *Options) {
		o.NoCluster, o.RESTConfig, o.Decide, o.IstioRevisions = false, config, seen.decide, []string{"default", "v2"}
	})
	http := s.client()
	t.Cleanup(http.CloseIdleConnections)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	eventually(t, "the metric", func() (bool, string) {
		text := s.metrics(t)
		return strings.Contains(text, `holdfast_cluster_synced{watch="istio_settings"} 1`), text
	})
	for revision, want := range map[string]string{"default": "1000", "v2": "1003", "v3": "unknown"} {
		shop.Labels["istio.io/rev"] = revision
		if err := c.Client.Update(t.Context(), shop); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the settings of "+revision, func() (bool, string) {
			if _, err := s.ask(http); err != nil {
				t.Fatal(err)
			}
			pod, got := <-seen, "unknown"
			if pod.Mesh != nil {
				got = istio.FormatPorts(pod.Mesh.ExcludeOutboundPorts)
			}
			return pod.Namespace.Labels["istio.io/rev"] == revision && got == want, got
		})
	}
	if log := s.log.String(); strings.Contains(log, "not allowed") {
		t.Errorf("the rights by name do not suffice:\n%s", log)
	}
}
