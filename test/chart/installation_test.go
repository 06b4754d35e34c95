package chart

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// enforced patches every pod that uses Redis.
const enforced = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
`

// rulesFile is enforced as flags of helm.
func rulesFile(t *testing.T) []string {
	t.Helper()
	return []string{"--set-file", "rules.file=" + write(t, "rules.yaml", []byte(enforced))}
}

// mode is a way to certificates.
type mode struct {
	name  string
	flags []string
	// provide starts what others than holdfast do for this mode; nil: nobody else.
	provide func(t *testing.T) (stop func())
}

// modes are the ways that are tried with pods and with rights.
var modes = []mode{
	{"self-signed", nil, nil},
	{"cert-manager", certManagerMode, startCertManager},
}

// certificateFiles is a folder with tls.crt, tls.key and ca.crt.
func certificateFiles(t *testing.T, names ...string) (authority *certs.Authority, dir string) {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := authority.Write(dir, names...); err != nil {
		t.Fatal(err)
	}
	return authority, dir
}

func getConfiguration(t *testing.T, kind string) *unstructured.Unstructured {
	t.Helper()
	configuration := &unstructured.Unstructured{}
	configuration.SetAPIVersion("admissionregistration.k8s.io/v1")
	configuration.SetKind(kind)
	if err := shared.Client.Get(t.Context(), client.ObjectKey{Name: "holdfast"}, configuration); err != nil {
		t.Fatal(err)
	}
	return configuration
}

// caBundles are what the API server trusts, one for each webhook.
func caBundles(t *testing.T) (list []string) {
	t.Helper()
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		webhooks, _, _ := unstructured.NestedSlice(getConfiguration(t, kind).Object, "webhooks")
		for _, webhook := range webhooks {
			encoded, _, _ := unstructured.NestedString(webhook.(map[string]any), "clientConfig", "caBundle")
			text, err := base64.StdEncoding.DecodeString(encoded)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, string(text))
		}
	}
	return list
}

// pods are the running replicas of a Deployment.
type pods struct {
	namespace string
	log       *cluster.Output
	env       []string // further variables

	mu   sync.Mutex
	list []*cluster.Holdfast
}

// newPods routes the Service of a namespace to the pods that will be started. They are
// stopped with the test.
func newPods(t *testing.T, namespace string) *pods {
	t.Helper()
	p := &pods{namespace: namespace, log: &cluster.Output{}}
	p.route(t)
	t.Cleanup(func() {
		p.stop(len(p.list))
		if t.Failed() {
			t.Logf("log of holdfast:\n%s", p.log)
		}
	})
	return p
}

// route sends what goes to the Service to the pods that are ready.
func (p *pods) route(t *testing.T) {
	t.Helper()
	var service corev1.Service
	if err := shared.Client.Get(t.Context(), client.ObjectKey{Namespace: p.namespace, Name: "holdfast"}, &service); err != nil {
		t.Fatal(err)
	}
	shared.services.Route(service.Spec.ClusterIP+":443", func() (ready []string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, h := range p.list {
			if p.ready(h) {
				ready = append(ready, h.Addr)
			}
		}
		return ready
	})
}

func (p *pods) ready(h *cluster.Holdfast) bool {
	response, err := http.Get(h.HealthURL + "/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// start starts pods as the Deployment is now.
func (p *pods) start(t *testing.T, n int) {
	t.Helper()
	for range n {
		h, err := shared.Run(t.Context(), p.namespace, cluster.HoldfastOptions{Binary: shared.binary, Output: p.log, Env: p.env})
		if err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		p.list = append(p.list, h)
		p.mu.Unlock()
	}
}

// wait waits until all are ready.
func (p *pods) wait(t *testing.T) {
	t.Helper()
	for _, h := range p.list {
		if err := h.WaitReady(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, p.log)
		}
	}
}

// stop stops the oldest n.
func (p *pods) stop(n int) {
	for range n {
		p.mu.Lock()
		oldest := p.list[0]
		p.mu.Unlock()
		oldest.Stop() // drains: it is still asked until its readiness fails
		p.mu.Lock()
		p.list = p.list[1:]
		p.mu.Unlock()
	}
}

// roll replaces them by pods as the Deployment is now, one after the other, as a
// rollout with maxUnavailable 0 does.
func (p *pods) roll(t *testing.T) {
	t.Helper()
	for range len(p.list) {
		p.start(t, 1)
		p.wait(t)
		p.stop(1)
	}
}

// newPod is a pod that uses Redis.
func newPod(namespace string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "cart-"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "cart", Image: "cart:1", Env: []corev1.EnvVar{{Name: "REDIS_URL", Value: "redis://sessions.example.com:6379/0"}},
		}}},
	}
}

// patched reports whether a pod carries the idle timeout of enforced.
func patched(pod *corev1.Pod) bool {
	return strings.Contains(pod.Annotations["proxy.istio.io/config"], `ISTIO_META_IDLE_TIMEOUT: "48h"`)
}

// awaitPatched creates pods until one is patched.
func awaitPatched(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "a patched pod", func() (bool, string) {
		pod := newPod(namespace)
		err := shared.Client.Create(t.Context(), pod, client.DryRunAll)
		return err == nil && patched(pod), fmt.Sprint(pod.Annotations, err)
	})
}

// stream creates pods without a pause until its function is called, which returns how
// many there were, and how many of them were not patched.
func stream(t *testing.T, namespace string) (end func() (all, unpatched int)) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	all, unpatched := 0, 0
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			pod := newPod(namespace)
			if err := shared.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
				t.Errorf("a pod failed: %v", err)
				return
			}
			all++
			if !patched(pod) {
				unpatched++
			}
		}
	}()
	return func() (int, int) {
		close(stop)
		<-done
		return all, unpatched
	}
}
