package istio_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// checkOnlyOurs compares what Istio made of a pod without holdfast and with
// it: every setting is still there, and what differs is holdfast's.
func checkOnlyOurs(t *testing.T, without, with *corev1.Pod) {
	t.Helper()
	for _, flag := range []string{"-o", "-x"} {
		was, is := split(initValue(without, flag)), split(initValue(with, flag))
		for _, item := range was {
			if !slices.Contains(is, item) {
				t.Errorf("istio-init %s: %q was there without holdfast, and is missing from %q", flag, item, is)
			}
		}
	}
	was, is := withoutOurs(t, without, with.Namespace), withoutOurs(t, with, with.Namespace)
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("the injected pod differs in more than holdfast's settings (-without +with):\n%s", diff)
	}
}

// split cuts a comma list as Istio does.
func split(list string) []string {
	var items []string
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// withoutOurs is an injected pod without what holdfast may change, as in a
// namespace.
func withoutOurs(t *testing.T, pod *corev1.Pod, namespace string) map[string]any {
	t.Helper()
	pod = pod.DeepCopy()
	from := pod.Namespace
	pod.ObjectMeta = metav1.ObjectMeta{Labels: pod.Labels, Annotations: pod.Annotations, GenerateName: pod.GenerateName}
	if strings.Contains(pod.Annotations[rules.AppliedAnnotation], `"holdApplicationUntilProxyStarts":"true"`) {
		withoutStart(t, &pod.Spec)
	}
	for _, key := range touched {
		delete(pod.Annotations, key)
	}
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			switch list[i].Name {
			case "istio-init":
				list[i].Args = withoutFlags(list[i].Args, "-o", "-x")
				list[i].Env = withoutOurEnv(t, list[i].Env)
			case mesh.ProxyContainer:
				list[i].Env = withoutOurEnv(t, list[i].Env)
			}
		}
	}
	data, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(data), from, namespace)), &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}

// withoutStart puts the sidecar of a pod that starts first where it is without that: behind
// the application, and without the hook.
func withoutStart(t *testing.T, spec *corev1.PodSpec) {
	t.Helper()
	if spec.Containers[0].Name != mesh.ProxyContainer {
		return // a native sidecar, or a pod that gets none
	}
	sidecar := spec.Containers[0]
	if sidecar.Lifecycle == nil {
		t.Errorf("container %s has no hook, want one that waits until it is ready", mesh.ProxyContainer)
	}
	sidecar.Lifecycle = nil
	spec.Containers = append(slices.Clone(spec.Containers[1:]), sidecar)
}

func withoutFlags(args []string, flags ...string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		if slices.Contains(flags, args[i]) {
			i++
			continue
		}
		kept = append(kept, args[i])
	}
	return kept
}

func withoutOurEnv(t *testing.T, env []corev1.EnvVar) []corev1.EnvVar {
	t.Helper()
	var kept []corev1.EnvVar
	for _, variable := range env {
		if ourKey(variable.Name) {
			continue
		}
		if variable.Name == "PROXY_CONFIG" {
			variable.Value = withoutOurConfig(t, variable.Value)
		}
		kept = append(kept, variable)
	}
	return kept
}

// ourKey tells the keys of proxyMetadata that holdfast may set or remove.
func ourKey(key string) bool {
	return key == istio.IdleTimeoutMetadata || key == istio.ExitOnZeroMetadata || strings.HasPrefix(key, istio.HoldfastMetadataPrefix)
}

// withoutOurConfig is a ProxyConfig in JSON without what holdfast may change.
func withoutOurConfig(t *testing.T, text string) string {
	t.Helper()
	var config map[string]any
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatalf("PROXY_CONFIG %q: %v", text, err)
	}
	delete(config, "drainDuration")
	delete(config, "holdApplicationUntilProxyStarts")
	if metadata, ok := config["proxyMetadata"].(map[string]any); ok {
		for key := range metadata {
			if ourKey(key) {
				delete(metadata, key)
			}
		}
		if len(metadata) == 0 {
			delete(config, "proxyMetadata")
		}
	}
	data, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// initValue is the value after a flag of istio-init, if there is one.
func initValue(pod *corev1.Pod, flag string) string {
	container := mesh.Container(pod, "istio-init")
	if container == nil {
		return ""
	}
	i := slices.Index(container.Args, flag)
	if i < 0 || i+1 == len(container.Args) {
		return ""
	}
	return container.Args[i+1]
}
