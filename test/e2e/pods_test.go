package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

const redisRules = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: redis
  destinations: {middleware: [redis]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
`

// patched reports whether a pod carries the idle timeout of redisRules.
func patched(pod *corev1.Pod) bool {
	return strings.Contains(pod.Annotations["proxy.istio.io/config"], `ISTIO_META_IDLE_TIMEOUT: "48h"`) &&
		strings.Contains(pod.Annotations["holdfast.dev/applied"], `"rules":["redis"]`)
}

func TestOptInAndOptOut(t *testing.T) {
	setRules(t, redisRules)
	for _, test := range []struct {
		name            string
		namespaceLabels map[string]string
		change          func(*corev1.Pod)
		want            bool
	}{
		{"opted-in namespace", optedIn, nil, true},
		{"namespace without label", nil, nil, false},
		{"namespace opted out", map[string]string{"holdfast.dev/enabled": "false"}, nil, false},
		{"pod opted out by label", optedIn, func(p *corev1.Pod) { p.Labels["holdfast.dev/enabled"] = "false" }, false},
		{"pod opted out by annotation", optedIn, func(p *corev1.Pod) {
			p.Annotations = map[string]string{"holdfast.dev/enabled": "false"}
		}, false},
		{"a pod cannot opt in by itself", nil, func(p *corev1.Pod) { p.Labels["holdfast.dev/enabled"] = "true" }, false},
		{"pod that uses no redis", optedIn, func(p *corev1.Pod) { p.Spec.Containers[0].Env = nil }, false},
		{"pod on the host's network", optedIn, func(p *corev1.Pod) { p.Spec.HostNetwork = true }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := newPod(newNamespace(t, test.namespaceLabels))
			if test.change != nil {
				test.change(pod)
			}
			create(t, pod)
			if got := patched(pod); got != test.want {
				t.Errorf("patched: got %v, want %v; annotations: %v", got, test.want, pod.Annotations)
			}
		})
	}
}

// A namespace that opts in after its creation counts from then on.
func TestNamespaceOptsInLater(t *testing.T) {
	setRules(t, redisRules)
	name := newNamespace(t, nil)
	if pod := create(t, newPod(name)); patched(pod) {
		t.Fatalf("patched before the namespace opted in: %v", pod.Annotations)
	}
	label := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"holdfast.dev/enabled":"true"}}}`))
	if err := shared.cluster.Client.Patch(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, label); err != nil {
		t.Fatal(err)
	}
	eventually(t, "pods of the namespace are patched", func() (bool, string) {
		pod := create(t, newPod(name))
		return patched(pod), fmt.Sprint(pod.Annotations)
	})
}

func TestDryRunGetsTheSameAnswerAndStoresNothing(t *testing.T) {
	setRules(t, redisRules)
	namespace := newNamespace(t, optedIn)
	pod := newPod(namespace)
	if err := shared.cluster.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Fatal(err)
	}
	if !patched(pod) {
		t.Errorf("a dry run must show what would happen; annotations: %v", pod.Annotations)
	}
	var pods corev1.PodList
	if err := shared.cluster.Client.List(t.Context(), &pods, client.InNamespace(namespace)); err != nil || len(pods.Items) != 0 {
		t.Errorf("got %d pods (%v), want none after a dry run", len(pods.Items), err)
	}
}

// What the pod's author wrote stays, and a wrong value reaches its author as a
// warning of kubectl.
func TestUserSettingsSurviveAndWarningsReachTheClient(t *testing.T) {
	setRules(t, redisRules)
	pod := newPod(newNamespace(t, optedIn))
	own := "# ours\nconcurrency: 4\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"2d\" # two days\n  OTHER: x\n"
	pod.Annotations = map[string]string{"proxy.istio.io/config": own, "example.com/team": "shop"}
	warnings, err := shared.warnings.create(t.Context(), pod)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(own, `"2d"`, `"48h"`, 1)
	if got := pod.Annotations["proxy.istio.io/config"]; got != want {
		t.Errorf("proxy.istio.io/config:\ngot  %q\nwant %q", got, want)
	}
	if pod.Annotations["example.com/team"] != "shop" {
		t.Errorf("a foreign annotation is gone: %v", pod.Annotations)
	}
	if joined := strings.Join(warnings, "\n"); !strings.Contains(joined, "2d") {
		t.Errorf("got warnings %q, want one that names the value 2d", joined)
	}
	for _, w := range warnings {
		if len(w) >= 120 || strings.Contains(w, "\n") {
			t.Errorf("a warning must be one line under 120 characters, got %d: %q", len(w), w)
		}
	}
}

func TestObserveModePatchesNothing(t *testing.T) {
	setRules(t, strings.Replace(redisRules, "kind: Rules", "kind: Rules\nmode: Observe", 1))
	pod := newPod(newNamespace(t, optedIn))
	pod.GenerateName, pod.Name = "", "observed"
	warnings, err := shared.warnings.create(t.Context(), pod)
	if err != nil {
		t.Fatal(err)
	}
	if len(pod.Annotations) != 0 {
		t.Errorf("got annotations %v, want none in mode Observe", pod.Annotations)
	}
	if !strings.Contains(strings.Join(warnings, "\n"), "redis") {
		t.Errorf("got warnings %q, want one that names the observed rule", warnings)
	}
	requireAudit(t, pod, "reason", "Observed")
}

// Pods of a template that was patched with other rules get what they would have
// got without that, and those that no rule matches any more lose it.
func TestPodsOfPatchedTemplates(t *testing.T) {
	setRules(t, redisRules)
	own := "concurrency: 4 # cores\n"
	plain := newPod(newNamespace(t, optedIn))
	plain.Annotations = map[string]string{"proxy.istio.io/config": own}
	patched := plain.DeepCopy()
	create(t, plain)
	patched.Annotations = map[string]string{
		"proxy.istio.io/config":                         own + "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"9h\"\n",
		"traffic.sidecar.istio.io/excludeOutboundPorts": "25",
		"holdfast.dev/applied":                          `{"rules":["old"],"hash":"0","made":"proxyMetadata","wrote":{"ISTIO_META_IDLE_TIMEOUT":"9h"}}`,
	}
	gone := patched.DeepCopy()
	create(t, patched)
	delete(patched.Annotations, "traffic.sidecar.istio.io/excludeOutboundPorts") // the author's
	if !maps.Equal(patched.Annotations, plain.Annotations) || !strings.Contains(plain.Annotations["proxy.istio.io/config"], "48h") {
		t.Errorf("got %v, want %v with 48h", patched.Annotations, plain.Annotations)
	}
	gone.GenerateName, gone.Name, gone.Spec.Containers[0].Env = "", "taken-back", nil
	create(t, gone)
	want := map[string]string{"proxy.istio.io/config": own, "traffic.sidecar.istio.io/excludeOutboundPorts": "25"}
	if !maps.Equal(gone.Annotations, want) {
		t.Errorf("got %v, want %v", gone.Annotations, want)
	}
	requireAudit(t, gone, "reason", "TakenBack")
}

// The reason stands in the API server's audit log under the webhook's name.
func TestAuditAnnotations(t *testing.T) {
	setRules(t, redisRules)
	pod := newPod(newNamespace(t, optedIn))
	pod.GenerateName, pod.Name = "", "audited"
	create(t, pod)
	requireAudit(t, pod, "reason", "Patched")
	requireAudit(t, pod, "rules", "redis")
}

// requireAudit looks for an audit annotation at the creation of a named pod.
func requireAudit(t *testing.T, pod *corev1.Pod, key, want string) {
	t.Helper()
	eventually(t, fmt.Sprintf("audit annotation %s=%s of pod %s", key, want, pod.Name), func() (bool, string) {
		data, err := os.ReadFile(shared.auditLog)
		if err != nil {
			return false, err.Error()
		}
		last := "no event of this pod"
		for line := range strings.Lines(string(data)) {
			var event struct {
				ObjectRef   struct{ Namespace, Name string }
				Annotations map[string]string
			}
			if json.Unmarshal([]byte(line), &event) != nil || event.ObjectRef.Namespace != pod.Namespace || event.ObjectRef.Name != pod.Name {
				continue
			}
			last = fmt.Sprint(event.Annotations)
			for name, value := range event.Annotations {
				// The API server puts the webhook's name before the key.
				if strings.Contains(name, "holdfast") && strings.HasSuffix(name, "/"+key) && strings.Contains(value, want) {
					return true, ""
				}
			}
		}
		return false, last
	})
}

// A burst of pods, as a large Deployment or a node's return makes it.
func TestFiveHundredPodsAtOnce(t *testing.T) {
	setRules(t, redisRules)
	namespace := newNamespace(t, optedIn)
	const pods = 500
	var wait sync.WaitGroup
	failures := make(chan string, pods)
	for range pods {
		wait.Go(func() {
			pod := newPod(namespace)
			if err := shared.cluster.Client.Create(t.Context(), pod); err != nil {
				failures <- err.Error()
			} else if !patched(pod) {
				failures <- fmt.Sprintf("pod %s is not patched: %v", pod.Name, pod.Annotations)
			}
		})
	}
	wait.Wait()
	close(failures)
	if n := len(failures); n > 0 {
		t.Errorf("%d of %d pods failed, the first: %s", n, pods, <-failures)
	}
}

// Rules from a mounted file instead of the ConfigMap, every namespace considered.
func TestRulesFileAndClusterWide(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(redisRules, "48h", "36h", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := shared.cluster.Install(t.Context(), cluster.HoldfastOptions{
		Binary: shared.binary,
		// An empty value takes the flag back that the harness gives.
		Args: []string{"--rules-configmap=", "--rules-file=" + path, "--cluster-wide"},
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

	plain := newNamespace(t, map[string]string{"e2e": "cluster-wide"})
	out := newNamespace(t, map[string]string{"e2e": "cluster-wide", "holdfast.dev/enabled": "false"})
	if pod := create(t, newPod(plain)); !strings.Contains(pod.Annotations["proxy.istio.io/config"], `"36h"`) {
		t.Errorf("a namespace without label must count with --cluster-wide; annotations: %v", pod.Annotations)
	}
	if pod := create(t, newPod(out)); len(pod.Annotations) != 0 {
		t.Errorf("an opted-out namespace must not; annotations: %v", pod.Annotations)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(redisRules, "48h", "12h", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the changed file in force", func() (bool, string) {
		pod := create(t, newPod(plain))
		text := pod.Annotations["proxy.istio.io/config"]
		return strings.Contains(text, `"12h"`), text
	})
}

// selectNamespaces lets a configuration see only the namespaces of its test.
func selectNamespaces(t *testing.T, configuration *unstructured.Unstructured) {
	t.Helper()
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range webhooks {
		w.(map[string]any)["namespaceSelector"] = map[string]any{"matchLabels": map[string]any{"e2e": "cluster-wide"}}
	}
	if err := unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks"); err != nil {
		t.Fatal(err)
	}
}
