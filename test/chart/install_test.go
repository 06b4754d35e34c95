package chart

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// From nothing to the first patched pod, and back to nothing, by each way to install
// and each way to certificates: with the programs that users have, and the webhook
// configurations as they are.
func TestInstall(t *testing.T) {
	for _, way := range []struct {
		name      string
		namespace string
		install   func(t *testing.T, namespace string, flags []string)
		uninstall func(t *testing.T, namespace string, flags []string)
	}{
		{"helm", "system-of-ours", func(t *testing.T, namespace string, flags []string) {
			must(t, "helm", append([]string{"install", "any-name", cluster.Chart(), "-n", namespace, "--create-namespace"}, flags...)...)
		}, func(t *testing.T, namespace string, _ []string) {
			must(t, "helm", "uninstall", "any-name", "-n", namespace)
		}},
		{"kubectl", cluster.Namespace, func(t *testing.T, namespace string, flags []string) {
			must(t, "kubectl", "apply", "-f", rendered(t, namespace, flags))
		}, func(t *testing.T, namespace string, flags []string) {
			must(t, "kubectl", "delete", "-f", rendered(t, namespace, flags), "-l", "!holdfast.dev/mesh-object", "--wait=false")
		}},
	} {
		for _, mode := range modes {
			t.Run(way.name+" with "+mode.name, func(t *testing.T) {
				shop := map[string]string{"holdfast.dev/enabled": "true"}
				namespaces(t, shop, "shop")
				namespaces(t, nil, "istio-system", "other")
				flags := append(rulesFile(t), mode.flags...)
				begin := time.Now()
				way.install(t, way.namespace, flags)
				running := newPods(t, way.namespace)
				running.start(t, 2)
				if mode.provide != nil {
					mode.provide(t)
				}
				awaitPatched(t, "shop")
				t.Logf("first patched pod after %s", time.Since(begin).Round(time.Millisecond))
				if took := time.Since(begin); took > time.Minute {
					t.Errorf("the first patched pod took %s, want less than a minute", took)
				}
				running.wait(t)
				outside(t, running)
				if log := running.log.String(); strings.Contains(log, "forbidden") || strings.Contains(log, "not allowed") {
					t.Errorf("a right is missing:\n%s", log)
				}
				way.uninstall(t, way.namespace, flags)
				nothingLeft(t)
			})
		}
	}
}

// outside: pods that are none of holdfast's business are not even sent.
func outside(t *testing.T, running *pods) {
	t.Helper()
	asked := func() (counters string) {
		for _, h := range running.list {
			for line := range strings.Lines(h.Metrics(t.Context())) {
				if strings.HasPrefix(line, "holdfast_pods_total{") {
					counters += line
				}
			}
		}
		return counters
	}
	before := asked()
	if before == "" {
		t.Fatal("there is no metric holdfast_pods_total")
	}
	for name, change := range map[string]func(*corev1.Pod){
		"on the host's network": func(p *corev1.Pod) { p.Spec.HostNetwork = true },
		"a mirror pod": func(p *corev1.Pod) {
			p.Annotations, p.Spec.NodeName = map[string]string{"kubernetes.io/config.mirror": "x"}, "node"
		},
		"opted out":                     func(p *corev1.Pod) { p.Labels = map[string]string{"holdfast.dev/enabled": "false"} },
		"in a namespace without label":  func(p *corev1.Pod) { p.Namespace = "other" },
		"in the namespace of the nodes": func(p *corev1.Pod) { p.Namespace = "kube-system" },
	} {
		pod := newPod("shop")
		change(pod)
		if err := shared.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
			t.Errorf("a pod %s: %v", name, err)
		}
		if patched(pod) || asked() != before {
			t.Errorf("a pod %s was sent to holdfast", name)
		}
	}
}

// rendered is a file with what the chart renders, the namespace among it.
func rendered(t *testing.T, namespace string, flags []string) string {
	t.Helper()
	return write(t, "install.yaml", manifest(t, namespace, append(flags, "--set", "namespace.create=true")...))
}

// nothingLeft: after uninstalling there is nothing of holdfast's but the mesh object,
// and pods are created as if it had never been there.
func nothingLeft(t *testing.T) {
	t.Helper()
	var left []string
	for _, object := range render(t, cluster.Namespace, append(set("namespace.create=true", "manageMesh=true", "dashboard.enabled=true", "serviceMonitor.enabled=true", "prometheusRule.enabled=true"), certManagerMode...)...) {
		list := &unstructured.UnstructuredList{}
		list.SetAPIVersion(object.GetAPIVersion())
		list.SetKind(object.GetKind())
		if err := shared.Client.List(t.Context(), list, client.MatchingLabels{"app.kubernetes.io/name": "holdfast"}); err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			if item.GetDeletionTimestamp() == nil {
				left = append(left, item.GetKind()+" "+item.GetName())
			}
		}
	}
	slices.Sort(left)
	if left = slices.Compact(left); !slices.Equal(left, []string{"EnvoyFilter holdfast-destinations-v1"}) {
		t.Errorf("got %v left, want the mesh object alone: pods may still use it", left)
	}
	begin := time.Now()
	eventually(t, "pods that nobody is asked about", func() (bool, string) {
		pod := newPod("shop")
		if err := shared.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
			t.Fatal(err)
		}
		return !patched(pod), ""
	})
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("creating pods took %s after uninstalling", took)
	}
	removeMeshObject(t)
	removeNamespace(t, cluster.Namespace)
}

// uninstall leaves nothing for the next test.
func uninstall(t *testing.T) {
	t.Helper()
	must(t, "helm", "uninstall", "holdfast", "-n", cluster.Namespace)
	removeMeshObject(t)
}

func removeMeshObject(t *testing.T) {
	t.Helper()
	must(t, "kubectl", "-n", "istio-system", "delete", "envoyfilters.networking.istio.io", "holdfast-destinations-v1")
}

// removeNamespace does what the controller of namespaces does, which does not run here.
func removeNamespace(t *testing.T, name string) {
	t.Helper()
	var namespace corev1.Namespace
	if err := shared.Client.Get(t.Context(), client.ObjectKey{Name: name}, &namespace); err != nil {
		if client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
		return
	}
	if namespace.DeletionTimestamp == nil {
		return
	}
	namespace.Spec.Finalizers = nil
	if err := shared.Client.SubResource("finalize").Update(t.Context(), &namespace); err != nil {
		t.Fatal(err)
	}
	for _, object := range []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}, &corev1.Event{}} {
		if err := shared.Client.DeleteAllOf(t.Context(), object, client.InNamespace(name)); err != nil {
			t.Fatal(err)
		}
	}
}
