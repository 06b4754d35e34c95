package e2e

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/webhook"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// A defect in deciding must not stop a pod: the same server with a decision
// that panics, registered on the real API server.
func TestPanicAdmitsThePodUnchanged(t *testing.T) {
	setRules(t, redisRules)
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	options := webhook.DefaultOptions()
	options.RESTConfig = shared.cluster.Config
	options.RulesConfigMap, options.CertDir = "holdfast-system/holdfast-rules", t.TempDir()
	options.Host, options.Port, options.Drain = "127.0.0.1", 0, 0
	options.MetricsBindAddress, options.HealthProbeBindAddress = "0", "0"
	options.Registry = prometheus.NewRegistry()
	options.Decide = func(*decide.Set, *rules.Pod, decide.Options) rules.Outcome { panic("a defect") }
	if err := authority.Write(options.CertDir); err != nil {
		t.Fatal(err)
	}
	listening := make(chan webhook.Addresses, 1)
	options.OnListen = func(a webhook.Addresses) { listening <- a }
	ended := make(chan error, 1)
	go func() { ended <- webhook.Run(t.Context(), options) }()
	defer func() {
		select {
		case err := <-ended:
			t.Errorf("the server did not survive: %v", err)
		default:
		}
	}()
	host, port, _ := net.SplitHostPort((<-listening).Webhook)
	if _, err := strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	const name = "holdfast-panicking"
	registerWebhook(t, name, "https://"+net.JoinHostPort(host, port)+admission.MutatePodsPath, authority.PEM, admissionregistrationv1.NeverReinvocationPolicy)
	namespace := newNamespace(t, map[string]string{"e2e": name})
	eventually(t, "a pod admitted with the warning of an internal error", func() (bool, string) {
		pod := newPod(namespace)
		warnings, err := shared.warnings.create(t.Context(), pod)
		if err != nil {
			t.Fatalf("the pod was not admitted: %v", err)
		}
		if len(pod.Annotations) != 0 {
			t.Fatalf("the pod was changed: %v", pod.Annotations)
		}
		joined := strings.Join(warnings, "\n")
		return strings.Contains(joined, "internal error"), joined
	})
}
