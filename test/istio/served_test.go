package istio_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// What istiod serves to the proxy of a patched pod: the rule's idle timeout on
// traffic that passes through and on the listener of a service that the mesh
// knows, and Istio's own default to pods that no rule matched.
func TestIdleTimeoutIsServed(t *testing.T) {
	for name, revision := range map[string]string{"plain": plain, "native": native, "behind a tag": tag} {
		t.Run(name, func(t *testing.T) {
			namespace := optedIn(t, revision)
			address := newService(t, namespace, 6379)
			istiod := shared.mesh.Revision(revision)
			if revision == tag {
				istiod = shared.mesh.Revision(excluding)
			}
			for _, test := range []struct {
				rule string
				pod  *corev1.Pod
				want time.Duration
			}{
				{"a rule's 48h", newPod(namespace, "idle"), 48 * time.Hour},
				{"the pod's own 12h", annotated(newPod(namespace, "idle"), istio.ProxyConfigAnnotation, `{"proxyMetadata": {"ISTIO_META_IDLE_TIMEOUT": "12h"}}`), 12 * time.Hour},
				{"no timeout at all", annotated(newPod(namespace, "idle"), istio.ProxyConfigAnnotation, `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "0s"}`), 0},
				{"no rule: Envoy's own hour", newPod(namespace), mesh.NoIdleTimeout},
				{"what istiod cannot read, on a pod that no rule matches: Envoy's own hour", annotated(newPod(namespace), istio.ProxyConfigAnnotation, `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "2d"}`), mesh.NoIdleTimeout},
			} {
				t.Run(test.rule, func(t *testing.T) {
					pod, _ := create(t, test.pod)
					for _, listener := range []string{"virtualOutbound", address + "_6379"} {
						checkServed(t, istiod, pod, listener, test.want)
					}
				})
			}
		})
	}
}

// checkServed waits until a listener has the idle timeout: istiod learns of
// new services and pods a moment later.
func checkServed(t *testing.T, istiod *mesh.Istiod, pod *corev1.Pod, listener string, want time.Duration) {
	t.Helper()
	err := mesh.Await(t.Context(), "listener "+listener, func(ctx context.Context) error {
		served, err := istiod.Serve(ctx, pod, "10.0.0.7")
		if err != nil {
			return err
		}
		timeouts := served.IdleTimeouts(listener)
		checked := 0
		for chain, got := range timeouts {
			if strings.Contains(chain, "blackhole") {
				continue // for connections to the listener itself: Istio sets none
			}
			checked++
			if got != want {
				return fmt.Errorf("chain %q: got idle timeout %v, want %v", chain, got, want)
			}
		}
		if checked == 0 {
			return fmt.Errorf("no TCP chain among %d listeners", len(served.Listeners))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// newService makes a TCP service that the mesh knows and returns its address.
func newService(t *testing.T, namespace string, port int32) string {
	t.Helper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "redis"},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "redis"},
			Ports:    []corev1.ServicePort{{Name: "tcp-redis", Port: port}},
		},
	}
	if err := shared.mesh.Client.Create(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	return service.Spec.ClusterIP
}
