package e2e

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// neighbour is another mutating webhook of the cluster, as Istio's injector or
// a secrets operator would be.
type neighbour struct {
	url      string
	caBundle []byte
	mu       sync.Mutex
	seen     []corev1.Pod
}

// startNeighbour serves a webhook that answers every pod with one JSON patch,
// and registers it for the namespaces of one test.
func startNeighbour(t *testing.T, name, patch string, reinvocation admissionregistrationv1.ReinvocationPolicyType) *neighbour {
	t.Helper()
	dir := t.TempDir()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.Write(dir); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &neighbour{url: "https://" + listener.Addr().String() + "/", caBundle: authority.PEM}
	server := &http.Server{Handler: n.handler(patch), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.ServeTLS(listener, filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")) }()
	t.Cleanup(func() { _ = server.Close() })
	registerWebhook(t, name, n.url, n.caBundle, reinvocation)
	return n
}

func (n *neighbour) handler(patch string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		var pod corev1.Pod
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := json.Unmarshal(review.Request.Object.Raw, &pod); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n.mu.Lock()
		n.seen = append(n.seen, pod)
		n.mu.Unlock()
		response := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		if patch != "" && !strings.Contains(string(review.Request.Object.Raw), "INJECTED_REDIS") {
			kind := admissionv1.PatchTypeJSONPatch
			response.Patch, response.PatchType = []byte(patch), &kind
		}
		review.Request, review.Response = nil, response
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	})
}

// last returns the pod of the most recent call.
func (n *neighbour) last(t *testing.T) corev1.Pod {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.seen) == 0 {
		t.Fatal("the other webhook was not called")
	}
	return n.seen[len(n.seen)-1]
}

// registerWebhook adds a MutatingWebhookConfiguration with one webhook for
// pods in namespaces labelled e2e=NAME, and waits until the API server calls it.
func registerWebhook(t *testing.T, name, url string, caBundle []byte, reinvocation admissionregistrationv1.ReinvocationPolicyType) {
	t.Helper()
	none, ignore := admissionregistrationv1.SideEffectClassNone, admissionregistrationv1.Ignore
	timeout := int32(5)
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name:                    name + ".example.com",
			ClientConfig:            admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: caBundle},
			SideEffects:             &none,
			FailurePolicy:           &ignore,
			TimeoutSeconds:          &timeout,
			ReinvocationPolicy:      &reinvocation,
			AdmissionReviewVersions: []string{"v1"},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"e2e": name}},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}
	if err := shared.cluster.Client.Create(t.Context(), configuration); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { deleteConfigurations(t, name) })
}

// deleteConfigurations removes webhook configurations of a name.
func deleteConfigurations(t *testing.T, name string) {
	t.Helper()
	for _, object := range []client.Object{
		&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}},
		&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}},
	} {
		if err := client.IgnoreNotFound(shared.cluster.Client.Delete(context.Background(), object)); err != nil {
			t.Error(err)
		}
	}
}

// optedInFor are the labels of an opted-in namespace that a neighbour sees too.
func optedInFor(name string) map[string]string {
	return map[string]string{"holdfast.dev/enabled": "true", "e2e": name}
}

// waitCalled creates dry-run pods until the API server calls the neighbour.
func (n *neighbour) waitCalled(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "the other webhook is called", func() (bool, string) {
		if err := shared.cluster.Client.Create(t.Context(), newPod(namespace), client.DryRunAll); err != nil {
			return false, err.Error()
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.seen) > 0, "never called"
	})
}

const addRedisEnv = `[{"op":"add","path":"/spec/containers/0/env","value":[{"name":"INJECTED_REDIS","value":"redis://late.example.com:6379"}]}]`

// Another webhook adds an address to the pod. One that sorts before holdfast
// is seen at once; after one that sorts later the API server asks holdfast
// again.
func TestSeesWhatOtherWebhooksAdd(t *testing.T) {
	setRules(t, redisRules)
	for _, name := range []string{"a-secrets-operator", "z-secrets-operator"} {
		t.Run(name, func(t *testing.T) {
			n := startNeighbour(t, name, addRedisEnv, admissionregistrationv1.NeverReinvocationPolicy)
			namespace := newNamespace(t, optedInFor(name))
			n.waitCalled(t, namespace)
			pod := newPod(namespace)
			pod.Spec.Containers[0].Env = nil
			if create(t, pod); !patched(pod) {
				t.Errorf("not patched although the other webhook added the address: %v", pod.Annotations)
			}
		})
	}
}

// Being called twice changes nothing the second time.
func TestReinvocationChangesNothing(t *testing.T) {
	setRules(t, redisRules)
	const name = "z-label-operator"
	n := startNeighbour(t, name, `[{"op":"add","path":"/metadata/labels/touched","value":"yes"}]`, admissionregistrationv1.NeverReinvocationPolicy)
	namespace := newNamespace(t, optedInFor(name))
	n.waitCalled(t, namespace)
	const already = `holdfast_pods_total{reason="AlreadyApplied"}`
	before := metricLine(shared.holdfast.Metrics(t.Context()), already)
	pod := create(t, newPod(namespace))
	if !patched(pod) || pod.Labels["touched"] != "yes" {
		t.Fatalf("got annotations %v and labels %v, want both webhooks' changes", pod.Annotations, pod.Labels)
	}
	if want := n.last(t).Annotations["holdfast.dev/applied"]; pod.Annotations["holdfast.dev/applied"] != want {
		t.Errorf("the second call changed holdfast.dev/applied: got %q, want %q", pod.Annotations["holdfast.dev/applied"], want)
	}
	// The audit log keeps the first answer of a webhook, so the metric tells.
	eventually(t, "one more than "+before+": was holdfast called again?", func() (bool, string) {
		after := metricLine(shared.holdfast.Metrics(t.Context()), already)
		return after != before, after
	})
}

// The API server calls configurations in the byte order of their names:
// "holdfast" comes before Istio's, so that the injector reads our annotations.
// Under a name that sorts later it would not, which this test shows as well.
func TestHoldfastComesBeforeIstiosInjector(t *testing.T) {
	setRules(t, redisRules)
	for _, test := range []struct {
		name string
		want bool // the neighbour sees holdfast's annotations at its first call
	}{
		{"istio-sidecar-injector", true},
		{"istio-revision-tag-default", true},
		{"a-injector", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := startNeighbour(t, test.name, "", admissionregistrationv1.NeverReinvocationPolicy)
			namespace := newNamespace(t, optedInFor(test.name))
			n.waitCalled(t, namespace)
			create(t, newPod(namespace))
			seen := n.last(t)
			if got := patched(&seen); got != test.want {
				t.Errorf("the injector saw holdfast's annotations: got %v, want %v; it saw %v", got, test.want, seen.Annotations)
			}
		})
	}
}

// A holdfast that is dead, or that the API server does not trust, delays pods
// at most by the connection attempt, and never blocks them.
func TestDeadOrUntrustedHoldfastBlocksNothing(t *testing.T) {
	stranger, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := cluster.FreeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, url string
		caBundle  []byte
	}{
		{"dead", "https://" + addresses[0] + "/mutate-pods", stranger.PEM},
		{"untrusted", "https://" + shared.holdfast.Addr + "/mutate-pods", stranger.PEM},
		{"wrong-path", "https://" + shared.holdfast.Addr + "/nothing-here", shared.holdfast.Authority.PEM},
	} {
		t.Run(test.name, func(t *testing.T) {
			registerWebhook(t, "holdfast-"+test.name, test.url, test.caBundle, admissionregistrationv1.IfNeededReinvocationPolicy)
			namespace := newNamespace(t, map[string]string{"e2e": "holdfast-" + test.name})
			for range 20 { // the configuration takes a moment to be seen
				if pod := create(t, newPod(namespace)); len(pod.Annotations) != 0 {
					t.Fatalf("got annotations %v from a webhook that cannot answer", pod.Annotations)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}
