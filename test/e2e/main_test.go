// Package e2e runs holdfast on a real kube-apiserver, through the front door:
// what users install, the program they run, pods created through the API.
package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// shared is what one run starts once.
var shared struct {
	cluster  *cluster.Cluster
	holdfast *cluster.Holdfast
	binary   string
	auditLog string
	log      cluster.Output // of holdfast
	warnings *warningLog
}

var eventually = cluster.Eventually

func TestMain(m *testing.M) { cluster.Main(telling{m}, "e2e", prepare) }

// telling are tests that show holdfast's log where one fails.
type telling struct{ *testing.M }

func (tests telling) Run() int {
	code := tests.M.Run()
	if code != 0 {
		lines := strings.Split(strings.TrimRight(shared.log.String(), "\n"), "\n")
		fmt.Fprintf(os.Stderr, "log of holdfast:\n%s\n", strings.Join(lines[max(0, len(lines)-20):], "\n"))
	}
	return code
}

func prepare(dir string, after func(func() error)) (err error) {
	if shared.binary, err = cluster.Build(dir); err != nil {
		return err
	}
	shared.auditLog = filepath.Join(dir, "audit.log")
	var policyErr error
	shared.cluster, err = cluster.Start(func(env *envtest.Environment) { policyErr = writeAuditPolicy(env, dir) })
	if err != nil {
		return err
	}
	after(shared.cluster.Stop)
	if policyErr != nil {
		return policyErr
	}
	if shared.warnings, err = newWarningLog(shared.cluster); err != nil {
		return err
	}
	shared.holdfast, err = shared.cluster.Install(context.Background(), cluster.HoldfastOptions{Binary: shared.binary, Output: &shared.log})
	if err != nil {
		return fmt.Errorf("%w\n%s", err, shared.log.String())
	}
	after(func() error { shared.holdfast.Stop(); return nil })
	return nil
}

// writeAuditPolicy makes the API server write audit annotations of pods.
func writeAuditPolicy(env *envtest.Environment, dir string) error {
	policy := filepath.Join(dir, "audit-policy.yaml")
	args := env.ControlPlane.GetAPIServer().Configure()
	args.Set("audit-policy-file", policy)
	args.Set("audit-log-path", filepath.Join(dir, "audit.log"))
	return os.WriteFile(policy, []byte(`apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  omitStages: [RequestReceived]
  resources: [{group: "", resources: [pods]}]
- level: None
`), 0o600)
}

// warningLog collects the warnings that the API server sends to its client.
type warningLog struct {
	client client.Client
	ch     chan string
}

func (w *warningLog) HandleWarningHeader(_ int, _ string, text string) { w.ch <- text }

func newWarningLog(c *cluster.Cluster) (*warningLog, error) {
	w := &warningLog{ch: make(chan string, 10_000)}
	config := *c.Config
	config.WarningHandler = w
	var err error
	w.client, err = client.New(&config, client.Options{})
	return w, err
}

// create creates an object and returns the warnings of that request.
func (w *warningLog) create(ctx context.Context, object client.Object, options ...client.CreateOption) ([]string, error) {
	for len(w.ch) > 0 {
		<-w.ch
	}
	err := w.client.Create(ctx, object, options...)
	var got []string
	for len(w.ch) > 0 {
		got = append(got, <-w.ch)
	}
	return got, err
}

// newNamespace makes a namespace for one test and returns its name.
func newNamespace(t *testing.T, labels map[string]string) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-", Labels: labels}}
	if err := shared.cluster.Client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

// optedIn are the labels of a namespace that wants holdfast.
var optedIn = map[string]string{"holdfast.dev/enabled": "true"}

// newPod is a pod that uses Redis by URL.
func newPod(namespace string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "cart-", Labels: map[string]string{"app": "cart"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "cart", Image: "cart:1",
			Env: []corev1.EnvVar{{Name: "REDIS_URL", Value: "redis://sessions.example.com:6379/0"}},
		}}},
	}
}

// create creates a pod; the object holds what the API server stored.
func create(t *testing.T, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	if err := shared.cluster.Client.Create(t.Context(), pod); err != nil {
		t.Fatalf("creating the pod: %v", err)
	}
	return pod
}

// setRules puts a rules file into the ConfigMap and waits until a probe pod
// shows that it is in force: the file gets a rule of its own for the probe.
func setRules(t *testing.T, rules string) {
	t.Helper()
	marker := fmt.Sprintf("marker-%d", time.Now().UnixNano())
	updateRules(t, rules+fmt.Sprintf(`
- name: %s
  mode: Enforce
  destinations: {ports: [65000]}
  workloads: {podSelector: {matchLabels: {probe: %s}}}
  strategy: {drainDuration: 1h}
`, marker, marker))
	waitForMarker(t, marker)
}

func updateRules(t *testing.T, text string) {
	t.Helper()
	if err := tryUpdateRules(t.Context(), text); err != nil {
		t.Fatalf("changing the rules: %v", err)
	}
}

func tryUpdateRules(ctx context.Context, text string) error {
	for {
		var cm corev1.ConfigMap
		key := client.ObjectKey{Namespace: "holdfast-system", Name: "holdfast-rules"}
		if err := shared.cluster.Client.Get(ctx, key, &cm); err != nil {
			return err
		}
		cm.Data = map[string]string{"rules.yaml": text}
		if err := shared.cluster.Client.Update(ctx, &cm); !apierrors.IsConflict(err) {
			return err
		}
	}
}

// waitForMarker asks with dry-run pods until the marker's rule matches.
func waitForMarker(t *testing.T, marker string) {
	t.Helper()
	namespace := newNamespace(t, optedIn)
	eventually(t, "rules with "+marker+" in force", func() (bool, string) {
		probe := newPod(namespace)
		probe.Labels["probe"] = marker
		if err := shared.cluster.Client.Create(t.Context(), probe, client.DryRunAll); err != nil {
			return false, err.Error()
		}
		applied := probe.Annotations["holdfast.dev/applied"]
		return strings.Contains(applied, marker), applied
	})
}
