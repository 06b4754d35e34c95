package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/webhook"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// testServer is a webhook without a cluster, over TLS on loopback.
type testServer struct {
	url    string
	client *http.Client
}

// startWebhook serves a rules file until the test ends.
func startWebhook(t *testing.T, rulesFile string) *testServer {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	options := webhook.DefaultOptions()
	options.RulesFile, options.CertDir = rulesFile, t.TempDir()
	options.Host, options.Port = "127.0.0.1", 0
	options.MetricsBindAddress, options.HealthProbeBindAddress = "0", "127.0.0.1:0"
	options.Drain, options.NoCluster = 0, true
	options.Registry = prometheus.NewRegistry()
	if err := authority.Write(options.CertDir); err != nil {
		t.Fatal(err)
	}
	listening := make(chan webhook.Addresses, 1)
	options.OnListen = func(a webhook.Addresses) { listening <- a }
	ended := make(chan error, 1)
	go func() { ended <- webhook.Run(t.Context(), options) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Errorf("the webhook ended with %v", err)
		}
	})
	var addresses webhook.Addresses
	select {
	case addresses = <-listening:
	case err := <-ended:
		t.Fatalf("the webhook did not start: %v", err)
	}
	waitReady(t, "http://"+addresses.Health+webhook.ReadyzPath)
	client := authority.Client()
	t.Cleanup(client.CloseIdleConnections)
	return &testServer{url: "https://" + addresses.Webhook + admission.MutatePodsPath, client: client}
}

func waitReady(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		response, err := http.Get(url)
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("not ready within 10 s: %s", url)
}
