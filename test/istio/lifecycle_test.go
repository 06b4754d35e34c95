package istio_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// waits reports whether a pod's sidecar is the first container and has a hook that holds
// the others back until it is ready.
func waits(pod *corev1.Pod) bool {
	first := pod.Spec.Containers[0]
	return first.Name == mesh.ProxyContainer && first.Lifecycle != nil && first.Lifecycle.PostStart != nil &&
		slices.Equal(first.Lifecycle.PostStart.Exec.Command, []string{"pilot-agent", "wait"})
}

// What makes the sidecar start first and stop last, for plain sidecars; native ones are
// init containers, which no hook is needed for.
func TestStartAndEndReachThePod(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		if pod := injected(t, newPod(namespace, "start")); waits(pod) == isNative(pod) {
			t.Errorf("got init containers %v and containers %v, want the sidecar among the former, or first with its hook", names(pod.Spec.InitContainers), names(pod.Spec.Containers))
		}
		if pod := injected(t, newPod(namespace, "end")); waits(pod) || sidecarEnv(t, pod, istio.ExitOnZeroMetadata) != "true" {
			t.Errorf("got containers %v and env %s %q, want the usual order, and true", names(pod.Spec.Containers), istio.ExitOnZeroMetadata, sidecarEnv(t, pod, istio.ExitOnZeroMetadata))
		}
	})
}

// isNative reports whether the sidecar is an init container.
func isNative(pod *corev1.Pod) bool {
	return slices.Contains(names(pod.Spec.InitContainers), mesh.ProxyContainer)
}

func names(containers []corev1.Container) (names []string) {
	for i := range containers {
		names = append(names, containers[i].Name)
	}
	return names
}

// Where the pod itself asks for a native sidecar Istio makes one, and holdfast writes
// nothing.
func TestNativeSidecarNeedsNothing(t *testing.T) {
	pod, _ := create(t, annotated(newPod(optedIn(t, plain), "start", "end"), istio.NativeSidecarAnnotation, "true"))
	if !isNative(pod) {
		t.Errorf("got init containers %v, want the sidecar among them", names(pod.Spec.InitContainers))
	}
	for _, key := range []string{rules.AppliedAnnotation, istio.ProxyConfigAnnotation} {
		if got, ok := pod.Annotations[key]; ok {
			t.Errorf("annotation %s: got %q, want none", key, got)
		}
	}
}

// Every pod draws its own drainDuration, and has one although Istio's webhook comes between
// two calls of holdfast's.
func TestDrainJitterReachesTheProxy(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		seen := map[string]bool{}
		const pods = 5
		for range pods {
			pod := injected(t, newPod(namespace, "jitter"))
			config, err := proxyconfig.Parse(pod.Annotations[istio.ProxyConfigAnnotation])
			if err != nil {
				t.Fatal(err)
			}
			drawn, _ := config.Field(proxyconfig.DrainDuration)
			d, err := time.ParseDuration(drawn)
			if err != nil || d < 9*time.Hour || d > 15*time.Hour {
				t.Errorf("drainDuration in the annotation: got %q, %v, want 9h to 15h", drawn, err)
			}
			if got := proxyDrain(t, pod); got != drawn {
				t.Errorf("drainDuration in PROXY_CONFIG: got %q, want %q as in the annotation", got, drawn)
			}
			seen[drawn] = true
		}
		if len(seen) < pods-1 { // of 21,601 values, two may be drawn twice
			t.Errorf("got %v for %d pods, want each its own", seen, pods)
		}
	})
}

// A pod that is a proxy itself gets what an entry of gateways says. Of the injector's it
// becomes variables; one that brings its container reads the annotation by itself.
func TestGatewayPodIsPatched(t *testing.T) {
	const edge = "edge" // the name in the rules
	labels := map[string]string{rules.EnabledKey: "true", istio.RevisionLabel: revisionLabel(plain)}
	if err := shared.mesh.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: edge, Labels: labels}}); err != nil {
		t.Fatal(err)
	}
	gateway := func() *corev1.Pod {
		pod := newPod(edge, "gateway")
		pod.Spec.Containers[0].Name, pod.Spec.Containers[0].Image = mesh.ProxyContainer, "auto"
		return pod
	}
	const config = "drainDuration: \"43200s\"\nproxyMetadata:\n  EXIT_ON_ZERO_ACTIVE_CONNECTIONS: \"true\"\n  ISTIO_META_IDLE_TIMEOUT: \"36h\"\n"

	byTemplate, warnings := create(t, annotated(gateway(), istio.TemplatesAnnotation, "gateway"))
	if byTemplate.Annotations[istio.StatusAnnotation] == "" || byTemplate.Annotations[istio.ProxyConfigAnnotation] != config || anyContains(warnings, "holdfast") {
		t.Errorf("got annotations %v, warnings %q, want a gateway with %q", byTemplate.Annotations, warnings, config)
	}
	for key, want := range map[string]string{istio.IdleTimeoutMetadata: "36h", istio.ExitOnZeroMetadata: "true"} {
		if got := sidecarEnv(t, byTemplate, key); got != want {
			t.Errorf("env %s: got %q, want %q", key, got, want)
		}
	}
	if got := proxyDrain(t, byTemplate); got != "43200s" {
		t.Errorf("drainDuration in PROXY_CONFIG: got %q, want 43200s", got)
	}

	own := gateway()
	own.Labels[istio.InjectKey], own.Labels["gateway.istio.io/managed"] = "false", "istio.io-mesh-controller"
	own.Spec.Containers[0].Image, own.Spec.Containers[0].Args = "proxyv2:1", []string{"proxy", "waypoint"}
	waypoint, warnings := create(t, own)
	if waypoint.Annotations[istio.StatusAnnotation] != "" || waypoint.Annotations[istio.ProxyConfigAnnotation] != config || len(waypoint.Spec.Containers[0].Env) > 0 {
		t.Errorf("got annotations %v and variables %v, want %q and nothing of the injector's", waypoint.Annotations, waypoint.Spec.Containers[0].Env, config)
	}
	if !anyContains(warnings, "set EXIT_ON_ZERO_ACTIVE_CONNECTIONS=true in the env of istio-proxy") {
		t.Errorf("got warnings %q, want one that says who sets the variable", warnings)
	}
}
