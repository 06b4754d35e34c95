package envoyfilters

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
)

// makePod makes a pod, in any namespace, and removes it after the test.
func makePod(t *testing.T, namespace string, annotations ...string) *corev1.Pod {
	t.Helper()
	makeNamespace(t, namespace)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}}
	if err := shared.Client.Create(t.Context(), account); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "cart-", Annotations: map[string]string{}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "cart", Image: "cart:1"}}},
	}
	for i := 0; i < len(annotations); i += 2 {
		pod.Annotations[annotations[i]] = annotations[i+1]
	}
	if err := shared.Client.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(shared.Client.Delete(context.Background(), pod, client.GracePeriodSeconds(0))); err != nil {
			t.Error(err)
		}
	})
	return pod
}

func deletePod(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	if err := shared.Client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
}

// The object of a value that no rule names any more goes when no running pod, on
// whatever page and in whatever form, carries the value; that of another value
// goes at once.
func TestKeepaliveWaitsForPods(t *testing.T) {
	first, second := needs(alive(t, 120))[0], needs(alive(t, 60))[0]
	for _, test := range []struct {
		what        string
		annotations []string
	}{
		{"the annotation", []string{rules.KeepaliveAnnotation, "120s-30s-3"}},
		{"the metadata alone", []string{istio.ProxyConfigAnnotation, "{proxyMetadata: {ISTIO_META_HOLDFAST_KEEPALIVE: '120s-30s-3'}}"}},
	} {
		t.Run(test.what, func(t *testing.T) {
			clean(t)
			for range 3 { // more than a page before it, by namespace
				makePod(t, "a-shop", rules.KeepaliveAnnotation, "7s-7s-7")
			}
			pod := makePod(t, "shop", test.annotations...)
			makePod(t, "shop", rules.KeepaliveAnnotation, "1s-1s-1")
			r := start(t, shared.config, func(m *Manager) { m.perPage = 2 })
			r.Follow(alive(t, 120, 60))
			eventually(t, "both objects", func() (bool, string) { return same(t, first, second) })
			r.Follow(alive(t))
			eventually(t, "one object less", func() (bool, string) { return same(t, first) })
			eventually(t, "the metric", func() (bool, string) { return r.objects(mesh.KindKeepalive, waiting) == 1, "" })
			stays(t, "the object stays", func() (bool, string) { return same(t, first) })
			deletePod(t, pod)
			eventually(t, "no object", func() (bool, string) { return same(t) })
			eventually(t, "the metric", func() (bool, string) { return r.objects(mesh.KindKeepalive, waiting) == 0, "" })
		})
	}
	t.Run("a finished pod", func(t *testing.T) {
		clean(t)
		r := start(t, shared.config, nil)
		r.Follow(alive(t, 120))
		eventually(t, "the object", func() (bool, string) { return same(t, first) })
		for _, phase := range []corev1.PodPhase{corev1.PodSucceeded, corev1.PodFailed} {
			pod := makePod(t, "shop", rules.KeepaliveAnnotation, "120s-30s-3")
			pod.Status.Phase = phase
			if err := shared.Client.Status().Update(t.Context(), pod); err != nil {
				t.Fatal(err)
			}
		}
		r.Follow(alive(t))
		eventually(t, "no object", func() (bool, string) { return same(t) })
	})
}

// A value that is taken out of the rules and comes back within the grace period
// keeps its object, and the period begins anew.
func TestGrace(t *testing.T) {
	clean(t)
	object := needs(alive(t, 120))[0]
	r := start(t, shared.config, func(m *Manager) { m.times.grace = 5 * time.Second })
	r.Follow(alive(t, 120))
	eventually(t, "the object", func() (bool, string) { return same(t, object) })
	uid := list(t)["istio-system/"+object.Name].UID
	for range 4 {
		r.Follow(alive(t))
		eventually(t, "the metric", func() (bool, string) { return r.objects(mesh.KindKeepalive, waiting) == 1, "" })
		time.Sleep(1500 * time.Millisecond) // four times: longer than one period
		r.Follow(alive(t, 120))
		eventually(t, "the metric", func() (bool, string) { return r.objects(mesh.KindKeepalive, present) == 1, "" })
	}
	if o := list(t)["istio-system/"+object.Name]; o == nil || o.UID != uid {
		t.Fatalf("got %v, want the object as it was", o)
	}
	out := time.Now()
	r.Follow(alive(t))
	eventually(t, "no object", func() (bool, string) { return same(t) })
	if took := time.Since(out); took < 5*time.Second {
		t.Errorf("deleted %s after the edit, want 2 s or more", took)
	}
}

// Pods are not read while nothing waits, and not more often than they should be.
func TestPodsAreReadSeldom(t *testing.T) {
	clean(t)
	makePod(t, "shop", rules.KeepaliveAnnotation, "120s-30s-3")
	var reads counter
	r := start(t, reads.count(shared.config, http.MethodGet, "/api/v1/pods"), func(m *Manager) { m.times.grace, m.times.pods = 0, time.Second })
	r.Follow(alive(t, 120))
	eventually(t, "the object", func() (bool, string) { return r.objects(mesh.KindKeepalive, present) == 1, "" })
	if n := reads.Load(); n != 0 {
		t.Errorf("got %d reads while nothing waits, want none", n)
	}
	begin := time.Now()
	r.Follow(alive(t))
	eventually(t, "three reads", func() (bool, string) {
		r.awake() // whatever else happens
		return reads.Load() >= 3, fmt.Sprint(reads.Load())
	})
	if took := time.Since(begin); took < 2*time.Second {
		t.Errorf("got three reads in %s, want one a second", took)
	}
}

// Without rules nobody knows what is needed, so nothing goes; and what has
// another name than this package gives never does.
func TestNothingIsDeletedWithoutRules(t *testing.T) {
	clean(t)
	for _, name := range []string{"holdfast-keepalive-120s-30s-3", "holdfast-keepalive-2m-30s-3", "something-else"} {
		o := typed(needs(alive(t, 120))[0])
		o.Name, o.Labels[ownerLabel] = name, owner
		if err := shared.admin.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	r := start(t, shared.config, func(m *Manager) { m.times.grace = 0 })
	eventually(t, "the leader", func() (bool, string) { return value(r.metrics.leader) == 1, "" })
	stays(t, "nothing goes", func() (bool, string) { n := len(list(t)); return n == 3, fmt.Sprint(n) })
	r.Follow(alive(t))
	eventually(t, "the one that goes", func() (bool, string) { n := len(list(t)); return n == 2, fmt.Sprint(n) })
	stays(t, "the others stay", func() (bool, string) { n := len(list(t)); return n == 2, fmt.Sprint(n) })
}
