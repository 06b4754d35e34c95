package mesh_test

import (
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// A mesh alone: Istio injects a sidecar, and istiod serves it the idle timeout
// that the pod's own annotation asks for. Then holdfast comes and goes.
func TestMesh(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	start := time.Now()
	m, err := mesh.Start(ctx, mesh.Options{Dir: t.TempDir(), Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
	}()
	t.Logf("ready after %v", time.Since(start))

	if err := m.Namespace(ctx, "shop", map[string]string{"istio-injection": "enabled"}); err != nil {
		t.Fatal(err)
	}
	pod, _, err := m.CreatePod(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart", Annotations: map[string]string{
			"proxy.istio.io/config": `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "48h"}`,
		}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "cart", Image: "cart"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if mesh.Container(pod, mesh.ProxyContainer) == nil {
		t.Fatalf("got containers %v, want one named %s", pod.Spec.Containers, mesh.ProxyContainer)
	}
	served, err := m.Revision("").Serve(ctx, pod, "10.0.0.7")
	if err != nil {
		t.Fatal(err)
	}
	timeouts := served.IdleTimeouts("virtualOutbound")
	if len(timeouts) == 0 {
		t.Fatalf("virtualOutbound of %d listeners has no TCP proxy", len(served.Listeners))
	}
	for chain, timeout := range timeouts {
		if chain == "virtualOutbound-blackhole" {
			continue // for connections to the listener itself: Istio sets none
		}
		if timeout != 48*time.Hour {
			t.Errorf("idle timeout of virtualOutbound chain %q: got %v, want 48h", chain, timeout)
		}
	}

	checkHoldfast(ctx, t, m)
}

// checkHoldfast installs holdfast under another name and takes it out again.
func checkHoldfast(ctx context.Context, t *testing.T, m *mesh.Mesh) {
	t.Helper()
	h, err := m.InstallHoldfast(ctx, mesh.HoldfastOptions{ConfigurationName: "another-name", Rules: `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  strategy: {idleTimeout: 48h}
`})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Namespace(ctx, "opted-in", map[string]string{"istio-injection": "enabled", "holdfast.dev/enabled": "true"}); err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "opted-in", GenerateName: "cart-"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "cart", Image: "cart"}}},
	}
	patched, _, err := m.CreatePod(ctx, pod)
	if err != nil {
		t.Fatal(err)
	}
	if patched.Annotations["holdfast.dev/applied"] == "" {
		t.Errorf("got annotations %v, want holdfast's\n%s", patched.Annotations, h.LogTail(20))
	}
	if err := h.Uninstall(ctx); err != nil {
		t.Fatal(err)
	}
	err = mesh.Await(ctx, "a pod that holdfast does not see", func(ctx context.Context) error {
		plain, _, err := m.CreatePod(ctx, pod)
		if err == nil && plain.Annotations["holdfast.dev/applied"] != "" {
			err = errors.New("the pod was patched")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
