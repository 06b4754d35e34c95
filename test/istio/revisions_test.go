package istio_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// The start and the end of a pod reach the sidecar by whatever revision, tag or policy injects it:
// the order of containers, their hooks, PROXY_CONFIG, of which pilot-agent reads its own settings,
// and the environment, of which it reads proxyMetadata.
func TestStartAndEndByEveryRevision(t *testing.T) {
	for _, revision := range []string{plain, native, excluding, tag, eager} {
		t.Run(revisionLabel(revision), func(t *testing.T) {
			pod := injected(t, newPod(optedIn(t, revision), "start", "end", "drain"))
			checkContainers(t, pod)
			var config struct {
				Hold     bool              `json:"holdApplicationUntilProxyStarts"`
				Drain    string            `json:"drainDuration"`
				Metadata map[string]string `json:"proxyMetadata"`
			}
			text := sidecarEnv(t, pod, "PROXY_CONFIG")
			if err := json.Unmarshal([]byte(text), &config); err != nil {
				t.Fatalf("PROXY_CONFIG %q: %v", text, err)
			}
			if !config.Hold || config.Drain != "43200s" || config.Metadata[istio.ExitOnZeroMetadata] != "true" {
				t.Errorf("PROXY_CONFIG: got %s, want it to hold the application, drain for 43200s, and %s true", text, istio.ExitOnZeroMetadata)
			}
			if got := named(mesh.Container(pod, mesh.ProxyContainer), istio.ExitOnZeroMetadata); !slices.Equal(got, []string{"true"}) {
				t.Errorf("env %s: got %q, want true, once", istio.ExitOnZeroMetadata, got)
			}
		})
	}
}

// checkContainers makes sure that the kubelet will start the sidecar before the application, and
// that nothing but the sidecar has a hook.
func checkContainers(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	before, hooks := mesh.ProxyContainer+" cart", "postStart"
	if isNative(pod) {
		before, hooks = "cart", "preStop"
	}
	if got := strings.Join(names(pod.Spec.Containers), " "); got != before {
		t.Errorf("containers: got %q, want %q", got, before)
	}
	var got []string
	if lifecycle := mesh.Container(pod, mesh.ProxyContainer).Lifecycle; lifecycle != nil {
		if lifecycle.PostStart != nil {
			got = append(got, "postStart")
		}
		if lifecycle.PreStop != nil {
			got = append(got, "preStop")
		}
	}
	if strings.Join(got, " ") != hooks {
		t.Errorf("hooks of the sidecar: got %q, want %s", got, hooks)
	}
	if lifecycle := mesh.Container(pod, "cart").Lifecycle; lifecycle != nil {
		t.Errorf("hooks of the application: got %v, want none", lifecycle)
	}
}

// named are the values of a container's variable, in its order.
func named(container *corev1.Container, name string) (values []string) {
	for _, variable := range container.Env {
		if variable.Name == name {
			values = append(values, variable.Value)
		}
	}
	return values
}
