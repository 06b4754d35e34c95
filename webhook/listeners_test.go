package webhook

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// An oversized body gets its answer also over a real connection.
func TestOversizedBodyIsAnswered(t *testing.T) {
	s := start(t, testRules, nil)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	client := s.client()
	defer client.CloseIdleConnections()
	response, err := client.Post("https://"+s.Webhook+admission.MutatePodsPath, "application/json", strings.NewReader(strings.Repeat(" ", 8<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %s, want 413", response.Status)
	}
}

// TLS 1.3 unless asked for less.
func TestTLSVersion(t *testing.T) {
	for _, test := range []struct {
		option string
		ok     bool
	}{{"", false}, {"1.3", false}, {"1.2", true}} {
		s := start(t, testRules, func(o *Options) { o.TLSMinVersion = test.option })
		eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
		connection, err := tls.Dial("tcp", s.Webhook, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
		if err == nil {
			connection.Close()
		}
		if (err == nil) != test.ok {
			t.Errorf("TLS 1.2 with minimum %q: got error %v, want it to work: %v", test.option, err, test.ok)
		}
	}
}

// A taken port is an error at once, and says which one it is.
func TestPortTaken(t *testing.T) {
	checkLeaks(t)
	s := start(t, testRules, nil)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	_, port, _ := net.SplitHostPort(s.Webhook)
	taken, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		health string
		port   int
		want   string
	}{
		{s.Health, 0, "cannot listen for health on " + s.Health},
		{"127.0.0.1:0", taken, "cannot listen for reviews on " + s.Webhook},
	} {
		o := DefaultOptions()
		o.CertDir, o.RulesFile, o.NoCluster, o.Registry = s.dir, "x", true, prometheus.NewRegistry()
		o.Host, o.Port, o.MetricsBindAddress, o.HealthProbeBindAddress = "127.0.0.1", test.port, "0", test.health
		if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want an error with %q", err, test.want)
		}
	}
}

// Metrics come as they are also to who could unpack them, as Prometheus could.
func TestMetricsAreNotPacked(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, metricsPath, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	metricsHandler(ctrlmetrics.Registry).ServeHTTP(w, r)
	if encoding := w.Header().Get("Content-Encoding"); w.Code != http.StatusOK || encoding != "" || !strings.HasPrefix(w.Body.String(), "# HELP ") {
		t.Errorf("got status %d, Content-Encoding %q, want the plain text:\n%.200s", w.Code, encoding, w.Body)
	}
}
