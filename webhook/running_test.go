package webhook

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/reviews"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

const testRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
`

// hashOf is the hash of a rules file, as the metric shows it.
func hashOf(t testing.TB, text string) string {
	t.Helper()
	file, problems := load.Rules("rules.yaml", []byte(text))
	if problems.HasErrors() {
		t.Fatalf("rules do not load: %v", problems)
	}
	return decide.Compile(file).Hash()
}

// running is a server in this process.
type running struct {
	Addresses
	authority *certs.Authority
	dir       string // certificate and rules.yaml
	log       *cluster.Output
	stop      context.CancelFunc
	done      chan error
}

// sink writes log lines as text.
type sink struct {
	to   io.Writer
	name string
}

func (*sink) Init(logr.RuntimeInfo) {}
func (*sink) Enabled(int) bool      { return true }
func (s *sink) Info(_ int, message string, kv ...any) {
	fmt.Fprintln(s.to, s.name, message, kv)
}

func (s *sink) Error(err error, message string, kv ...any) {
	s.Info(0, "ERROR "+message, append(kv, "error", err)...)
}
func (s *sink) WithValues(...any) logr.LogSink { return s }
func (s *sink) WithName(name string) logr.LogSink {
	return &sink{to: s.to, name: s.name + "/" + name}
}

// start runs a server on loopback with rules and certificate from a folder.
func start(t *testing.T, rulesText string, change func(*Options)) *running {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s := &running{authority: authority, dir: t.TempDir(), log: &cluster.Output{}, done: make(chan error, 1)}
	o := DefaultOptions()
	o.Host, o.Port, o.MetricsBindAddress, o.HealthProbeBindAddress = "127.0.0.1", 0, "127.0.0.1:0", "127.0.0.1:0"
	o.CertDir, o.RulesFile = s.dir, filepath.Join(s.dir, "rules.yaml")
	o.NoCluster, o.Drain, o.Logger, o.Registry = true, 0, logr.New(&sink{to: s.log}), prometheus.NewRegistry()
	bound := make(chan Addresses, 1)
	o.OnListen = func(a Addresses) { bound <- a }
	if rulesText != "" {
		s.write(t, "rules.yaml", rulesText)
		if err := authority.Write(s.dir); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(&o)
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go func() { s.done <- Run(ctx, o) }()
	t.Cleanup(func() { s.end(t) })
	select {
	case s.Addresses = <-bound:
	case err := <-s.done:
		s.done <- err
		t.Fatalf("did not start: %v", err)
	}
	return s
}

func (s *running) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// end stops the server and demands a clean end.
func (s *running) end(t *testing.T) {
	t.Helper()
	s.stop()
	select {
	case err := <-s.done:
		s.done <- err
		if err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("Run did not return; log:\n%s", s.log)
	}
}

func (s *running) client() *http.Client {
	client := s.authority.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	return client
}

// ask sends the review of a pod that uses redis, and returns the reason of the
// decision.
func (s *running) ask(client *http.Client) (string, error) {
	answer, err := s.answer(client)
	if err != nil {
		return "", err
	}
	return answer.AuditAnnotations["reason"], nil
}

// answer is the whole answer to that review.
func (s *running) answer(client *http.Client) (*admissionv1.AdmissionResponse, error) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart"}}
	pod.Spec.Containers = []corev1.Container{{Name: "cart", Env: []corev1.EnvVar{{Name: "REDIS_URL", Value: "redis://sessions.example.com:6379/0"}}}}
	return reviews.Send(context.Background(), client, "https://"+s.Webhook+admission.MutatePodsPath, pod)
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func (s *running) metrics(t *testing.T) string {
	_, text := get(t, "http://"+s.Metrics+metricsPath)
	return text
}

func (s *running) ready(t *testing.T) (bool, string) {
	code, body := get(t, "http://"+s.Health+ReadyzPath)
	return code == 200, body
}

var eventually = cluster.Eventually

func checkLeaks(t *testing.T) {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t, current)
	})
}
