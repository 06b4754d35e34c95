package webhook

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// Whoever sends a request too slowly is cut off; those who are quick are not.
func TestSlowRequestIsCutOff(t *testing.T) {
	checkLeaks(t)
	const limit = 100 * time.Millisecond
	read := make(chan error, 3)
	server := httptest.NewTLSServer(limited(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
		_, _ = io.WriteString(w, "too slow")
	}), limit))
	defer server.Close()
	send := func(body io.Reader) string {
		response, err := server.Client().Post(server.URL, "application/json", body)
		if err != nil {
			return err.Error()
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return string(text)
	}
	for range 2 { // the second on a kept connection, after the first one's limit
		send(strings.NewReader("quick"))
		if err := <-read; err != nil {
			t.Errorf("a quick request got %v", err)
		}
		time.Sleep(2 * limit)
	}
	body, writer := io.Pipe()
	defer writer.Close()
	answer := make(chan string, 1)
	go func() { answer <- send(body) }()
	if _, err := writer.Write([]byte("slow")); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-read:
		if err == nil {
			t.Error("a body that never ended was read to its end")
		}
	case <-time.After(10 * time.Second):
		t.Error("a body that never ends is still waited for")
	}
	if got := <-answer; got != "too slow" {
		t.Errorf("got %q, want the answer that says why", got)
	}
}

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
