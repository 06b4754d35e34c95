package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// clientAuthority writes the client certificate of an API server, and the CA
// that signed it.
func clientAuthority(t *testing.T) (dir string) {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := authority.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// An API server that is configured as docs/client-certificates.md says shows
// holdfast its certificate: pods are patched and bad rules refused. Nobody else
// is answered.
func TestClientCertificate(t *testing.T) {
	dir := clientAuthority(t)
	addresses, err := cluster.FreeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addresses[0])
	kubeconfig := filepath.Join(dir, "webhooks.kubeconfig")
	write := func(path, holds string, replace ...string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(strings.NewReplacer(replace...).Replace(documented(t, "client-certificates.md", holds))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// 443 is a port that only root may open.
	write(kubeconfig, "kind: Config\n", "holdfast.holdfast-system.svc", "holdfast.holdfast-system.svc:"+port, "/etc/kubernetes/pki/webhook-client", filepath.Join(dir, "tls"))
	admission := filepath.Join(dir, "admission.yaml")
	write(admission, "kind: AdmissionConfiguration\n", "/etc/kubernetes/webhooks.kubeconfig", kubeconfig)
	c, err := cluster.Start(func(env *envtest.Environment) {
		env.ControlPlane.GetAPIServer().Configure().Set("admission-control-config-file", admission)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	var log cluster.Output
	h, err := c.Install(t.Context(), cluster.HoldfastOptions{
		Binary: shared.binary, Output: &log,
		Args:   []string{"--port=" + port, "--client-ca-file=" + filepath.Join(dir, "ca.crt")},
		Change: func(object *unstructured.Unstructured) { callByService(t, object, port) },
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	defer h.Stop()
	h.Addr = net.JoinHostPort("127.0.0.1", port)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: optedIn}}
	if err := c.Client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	rules := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "holdfast-system", Name: "holdfast-rules"}, Data: map[string]string{"rules.yaml": redisRules}}
	if err := c.Client.Update(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a patched pod", func() (bool, string) {
		pod := newPod(namespace.Name)
		if err := c.Client.Create(t.Context(), pod); err != nil {
			return false, err.Error()
		}
		return patched(pod), fmt.Sprint(pod.Annotations, "\n", log.String())
	})
	rules.Data["rules.yaml"] = badRules
	if err := c.Client.Update(t.Context(), rules); err == nil {
		t.Error("bad rules were stored: /validate-rules was not asked")
	}
	refused := func() string { return metricLine(h.Metrics(t.Context()), "holdfast_connection_errors_total") }
	before := refused()
	if answer, err := reviews.Send(t.Context(), h.Authority.Client(), "https://"+h.Addr+"/mutate-pods", newPod(namespace.Name)); err == nil {
		t.Errorf("a caller without a certificate got %+v, want no answer", answer)
	}
	eventually(t, "the refused caller in the metric", func() (bool, string) { got := refused(); return got != before, got })
}

// callByService lets a configuration call the Service holdfast, as in an
// installation: the name of that Service decides which certificate the API server
// shows. There are no endpoints here, so the Service is another name of loopback.
func callByService(t *testing.T, object *unstructured.Unstructured, port string) {
	t.Helper()
	number, err := strconv.ParseInt(port, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case object.GetKind() == "Service":
		object.Object["spec"] = map[string]any{"type": "ExternalName", "externalName": "localhost"}
	case strings.HasSuffix(object.GetKind(), "WebhookConfiguration"):
		for _, w := range object.Object["webhooks"].([]any) {
			config := w.(map[string]any)["clientConfig"].(map[string]any)
			path := "/mutate-pods"
			if object.GetKind() == "ValidatingWebhookConfiguration" {
				path = "/validate-rules"
			}
			delete(config, "url")
			config["service"] = map[string]any{"name": "holdfast", "namespace": "holdfast-system", "path": path, "port": number}
		}
	}
}

// An API server without that configuration shows no certificate: pods pass
// unchanged, and both sides say so.
func TestNoClientCertificate(t *testing.T) {
	dir := clientAuthority(t)
	var log cluster.Output
	second, err := shared.cluster.Install(t.Context(), cluster.HoldfastOptions{
		Binary: shared.binary, Output: &log,
		Args: []string{"--client-ca-file=" + filepath.Join(dir, "ca.crt"), "--cluster-wide"},
		Change: func(object *unstructured.Unstructured) {
			if strings.HasSuffix(object.GetKind(), "WebhookConfiguration") {
				object.SetName("holdfast-second")
				selectNamespaces(t, object)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	defer deleteConfigurations(t, "holdfast-second")
	setRules(t, redisRules) // installing brought its own
	namespace := newNamespace(t, map[string]string{"e2e": "cluster-wide"})
	said := func() string { return metricLine(second.Metrics(t.Context()), "holdfast_connection_errors_total") }
	eventually(t, "calls of the API server that come to nothing", func() (bool, string) {
		if pod := create(t, newPod(namespace)); len(pod.Annotations) != 0 {
			t.Fatalf("got annotations %v, want the pod unchanged", pod.Annotations)
		}
		got := said()
		return got != "holdfast_connection_errors_total 0", got
	})
	eventually(t, "the log says why", func() (bool, string) {
		return strings.Contains(log.String(), "client didn't provide a certificate"), log.String()
	})
	const failedOpen = `apiserver_admission_webhook_fail_open_count{name="pods.holdfast.dev",type="admit"}`
	if got := metricLine(apiServerMetrics(t), failedOpen); strings.HasPrefix(got, "no ") {
		t.Errorf("%s of the API server", got)
	}
}

// apiServerMetrics are what the API server of all tests counts.
func apiServerMetrics(t *testing.T) string {
	t.Helper()
	api, err := rest.HTTPClientFor(shared.cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	response, err := api.Get(strings.TrimSuffix(shared.cluster.Config.Host, "/") + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
