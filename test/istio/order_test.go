package istio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// The API server calls webhook configurations in byte order of their names.
// holdfast comes before every name that Istio uses: what it writes is there
// when the injector reads it. This fails if the configuration in deploy/ is
// renamed to something that sorts after Istio's.
func TestHoldfastIsCalledFirst(t *testing.T) {
	for _, test := range []struct{ rule, namespaceLabel string }{
		{"istio-sidecar-injector, the default revision", "default"},
		{"istio-sidecar-injector-REVISION", native},
		{"istio-revision-tag-TAG", tag},
		{"an injector that is called again after changes", eager},
	} {
		t.Run(test.rule, func(t *testing.T) {
			before := decided(t, rules.AlreadyInjected)
			pod := injected(t, newPod(optedIn(t, test.namespaceLabel), "idle"))
			if got := sidecarEnv(t, pod, istio.IdleTimeoutMetadata); got != "48h" {
				t.Errorf("env %s: got %q, want 48h: the injector did not see what holdfast wrote", istio.IdleTimeoutMetadata, got)
			}
			if after := decided(t, rules.AlreadyInjected); after != before {
				t.Errorf("pods decided %s: got %v more, want none", rules.AlreadyInjected, after-before)
			}
		})
	}
}

// Installed under a name that sorts after Istio's, holdfast comes too late: it
// says so to the pod's author, and counts it.
func TestWrongOrderIsReported(t *testing.T) {
	renameConfiguration(t, "zz-holdfast")
	before := decided(t, rules.AlreadyInjected)
	pod, warnings := create(t, newPod(optedIn(t, plain), "idle"))
	if got := sidecarEnv(t, pod, istio.IdleTimeoutMetadata); got != "" {
		t.Errorf("env %s: got %q, want none: the injector ran before holdfast", istio.IdleTimeoutMetadata, got)
	}
	if !anyContains(warnings, string(rules.AlreadyInjected)) && !anyContains(warnings, "injected") {
		t.Errorf("got warnings %q, want one that says that the pod was injected already", warnings)
	}
	if pod.Annotations[rules.AppliedAnnotation] == "" {
		t.Error("the pod was not patched; it must be, for what reads annotations later")
	}
	awaitDecided(t, rules.AlreadyInjected, before+1)
}

// An injector with reinvocationPolicy IfNeeded is called again after holdfast
// has changed the pod, and repairs the wrong order; the warning stays.
func TestReinvocationRepairsTheOrder(t *testing.T) {
	renameConfiguration(t, "zz-holdfast")
	pod, warnings := create(t, newPod(optedIn(t, eager), "idle"))
	if got := sidecarEnv(t, pod, istio.IdleTimeoutMetadata); got != "48h" {
		t.Errorf("env %s: got %q, want 48h from the second call of the injector", istio.IdleTimeoutMetadata, got)
	}
	if len(warnings) == 0 {
		t.Error("got no warning, want one that says that the pod was injected already")
	}
}

// Being called twice for one pod changes nothing: a webhook that holdfast's
// own reinvocationPolicy brings back finds its work done.
func TestSecondCallChangesNothing(t *testing.T) {
	first := injected(t, newPod(optedIn(t, plain), "idle", "destinations", "keepalive", "drain", "ports", "ranges"))
	again := newPod(optedIn(t, plain), "idle", "destinations", "keepalive", "drain", "ports", "ranges")
	for _, key := range append(touched, istio.ProxyConfigAnnotation) {
		if value, ok := first.Annotations[key]; ok {
			annotated(again, key, value)
		}
	}
	patched, before := decided(t, rules.Patched), decided(t, rules.AlreadyApplied)
	second := injected(t, again)
	for _, key := range touched {
		if got, want := second.Annotations[key], first.Annotations[key]; got != want {
			t.Errorf("annotation %s: got %q, want %q as after the first call", key, got, want)
		}
	}
	// Twice: Istio changes the pod, and holdfast's webhook is called again.
	awaitDecided(t, rules.AlreadyApplied, before+2)
	if after := decided(t, rules.Patched); after != patched {
		t.Errorf("pods decided %s: got %v more, want none", rules.Patched, after-patched)
	}
}

// touched are the annotations that holdfast writes.
var touched = []string{
	istio.ProxyConfigAnnotation, istio.ExcludeOutboundPortsAnnotation, istio.ExcludeOutboundIPRangesAnnotation,
	rules.AppliedAnnotation, rules.KeepaliveAnnotation,
}

// decided is the value of the metric for a reason.
func decided(t *testing.T, reason rules.Reason) float64 {
	t.Helper()
	count, err := shared.holdfast.Decided(t.Context(), reason)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

// awaitDecided waits until the metric for a reason has a value, and fails if it gets beyond:
// what was decided is recorded when the answer has been sent.
func awaitDecided(t *testing.T, reason rules.Reason, want float64) {
	t.Helper()
	cluster.Eventually(t, fmt.Sprintf("%v pods decided %s", want, reason), func() (bool, string) {
		got := decided(t, reason)
		return got == want, fmt.Sprint(got)
	})
}

// renameConfiguration gives holdfast's webhook configuration another name for
// one test.
func renameConfiguration(t *testing.T, name string) {
	t.Helper()
	move := func(ctx context.Context, from, to string) {
		configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
		if err := shared.mesh.Client.Get(ctx, client.ObjectKey{Name: from}, configuration); err != nil {
			t.Fatal(err)
		}
		if err := shared.mesh.Client.Delete(ctx, configuration); err != nil {
			t.Fatal(err)
		}
		configuration.ObjectMeta = metav1.ObjectMeta{Name: to, Labels: configuration.Labels}
		if err := shared.mesh.Client.Create(ctx, configuration); err != nil {
			t.Fatal(err)
		}
		awaitOrder(ctx, t, to < "istio-")
	}
	move(t.Context(), "holdfast", name)
	t.Cleanup(func() { move(context.Background(), name, "holdfast") })
}

// awaitOrder waits until the API server calls holdfast before Istio's injector,
// or after it: it learns of renamed configurations through a cache.
func awaitOrder(ctx context.Context, t *testing.T, first bool) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "order-",
		Labels:       map[string]string{rules.EnabledKey: "true", istio.RevisionLabel: "default"},
	}}
	if err := shared.mesh.Client.Create(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	err := mesh.Await(ctx, "the new order of webhooks", func(ctx context.Context) error {
		pod, _, err := shared.mesh.CreatePod(ctx, newPod(namespace.Name, "idle"), client.DryRunAll)
		if err != nil {
			return err
		}
		if pod.Annotations[rules.AppliedAnnotation] == "" {
			return errors.New("holdfast is not called")
		}
		if seen := sidecarEnv(t, pod, istio.IdleTimeoutMetadata) != ""; seen != first {
			return fmt.Errorf("holdfast is called first: got %t, want %t", seen, first)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
