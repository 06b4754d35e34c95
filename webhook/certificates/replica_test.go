package certificates_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/holdfast-mesh/holdfast/webhook"
	"github.com/holdfast-mesh/holdfast/webhook/certificates"
)

const rules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
`

// replica is a whole server in this process.
type replica struct {
	webhook.Addresses
	line line
	stop func() // and wait for its end

	mu    sync.Mutex
	lines []string
}

// clock is a clock that is ahead of the real one.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }

// start starts n replicas of --self-signed at once, which wait for shorter times.
func start(t *testing.T, n int, c *clock, config *rest.Config) []*replica {
	t.Helper()
	return startWith(t, n, config, func(o *webhook.Options) {
		o.SelfSigned, o.Service = true, namespace+"/holdfast"
		o.CertificateTimes = certificates.Times{Settle: time.Second, Arrive: 200 * time.Millisecond, Poll: 50 * time.Millisecond, Pause: 20 * time.Millisecond, Now: c.now}
	})
}

// startWith starts n replicas at once.
func startWith(t *testing.T, n int, config *rest.Config, change func(*webhook.Options)) []*replica {
	t.Helper()
	replicas := make([]*replica, n)
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range replicas {
		r := &replica{}
		replicas[i] = r
		o := webhook.DefaultOptions()
		o.Host, o.Port, o.MetricsBindAddress, o.HealthProbeBindAddress = "127.0.0.1", 0, "127.0.0.1:0", "127.0.0.1:0"
		o.RulesFile, o.Drain, o.Registry = file, 100*time.Millisecond, prometheus.NewRegistry()
		change(&o)

		o.RESTConfig = rest.CopyConfig(config)
		o.RESTConfig.Dial = r.line.dial
		o.Logger = funcr.New(func(prefix, args string) {
			if prefix == "pods" {
				return // thousands
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lines = append(r.lines, prefix+" "+args)
		}, funcr.Options{LogTimestamp: true, TimestampFormat: "05.000"})
		bound := make(chan webhook.Addresses, 1)
		o.OnListen = func(a webhook.Addresses) { bound <- a }
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- webhook.Run(ctx, o) }()
		stop := sync.OnceFunc(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run returned %v, want nil", err)
			}
		})
		r.stop = stop
		select {
		case r.Addresses = <-bound:
		case err := <-ended:
			t.Fatalf("did not start: %v", err)
		}
		t.Cleanup(func() {
			stop()
			if t.Failed() {
				t.Logf("log of replica %d:\n%s", i, r.log())
			}
		})
		shared.gate.add(r)
	}
	return replicas
}

// startReady does the same and waits until all are ready.
func startReady(t *testing.T, n int, c *clock) []*replica {
	t.Helper()
	replicas := start(t, n, c, shared.config)
	areReady(t, replicas)
	return replicas
}

func areReady(t *testing.T, replicas []*replica) {
	t.Helper()
	for i, r := range replicas {
		eventually(t, fmt.Sprintf("readiness of replica %d", i), r.ready)
	}
}

func (r *replica) log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

func (r *replica) ready() (bool, string) {
	code, body := get("http://" + r.Health + webhook.ReadyzPath)
	return code == http.StatusOK, body
}

func (r *replica) metrics() string {
	_, body := get("http://" + r.Metrics + "/metrics")
	return body
}

func get(url string) (int, string) {
	response, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// shake does the handshake of an API server that knows this caBundle, and returns the
// certificate that it was shown.
func (r *replica) shake(bundle []byte) (*x509.Certificate, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", r.Webhook, &tls.Config{RootCAs: roots, ServerName: serverName})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}
