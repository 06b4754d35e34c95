package istio_test

import (
	"encoding/json"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// bothKinds runs a test with a plain and with a native sidecar.
func bothKinds(t *testing.T, test func(t *testing.T, namespace string)) {
	for name, revision := range map[string]string{"plain": plain, "native": native} {
		t.Run(name, func(t *testing.T) { test(t, optedIn(t, revision)) })
	}
}

// The sidecar's idle timeout is an env of istio-proxy.
func TestIdleTimeoutReachesTheProxy(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		pod := injected(t, newPod(namespace, "idle"))
		if got := sidecarEnv(t, pod, istio.IdleTimeoutMetadata); got != "48h" {
			t.Errorf("env %s of %s: got %q, want 48h", istio.IdleTimeoutMetadata, mesh.ProxyContainer, got)
		}
	})
}

// Native sidecars stand among the init containers, plain ones do not: the two
// revisions really differ.
func TestSidecarKinds(t *testing.T) {
	for revision, want := range map[string]bool{plain: false, native: true} {
		pod := injected(t, newPod(optedIn(t, revision), "idle"))
		got := false
		for _, c := range pod.Spec.InitContainers {
			got = got || c.Name == mesh.ProxyContainer
		}
		if got != want {
			t.Errorf("revision %s: %s among the init containers: got %t, want %t", revisionLabel(revision), mesh.ProxyContainer, got, want)
		}
	}
}

// Excluded ports are istio-init's -o, excluded ranges its -x.
func TestExclusionsReachIptables(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		pod := injected(t, newPod(namespace, "ports", "ranges"))
		if got, want := initArgument(t, pod, "-o"), "3306,6379"; got != want {
			t.Errorf("istio-init -o: got %q, want %q", got, want)
		}
		if got, want := initArgument(t, pod, "-x"), "10.99.0.0/16,2001:db8:99::/48"; got != want {
			t.Errorf("istio-init -x: got %q, want %q", got, want)
		}
	})
}

// The patterns reach the proxy unchanged through a YAML annotation, Istio's Go
// template, JSON and the kubelet's expansion of variables: brackets, carets and
// dollars included.
func TestPatternsReachTheProxy(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		pod := injected(t, newPod(namespace, "destinations"))
		config, err := proxyconfig.Parse(pod.Annotations[istio.ProxyConfigAnnotation])
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, key := range config.MetadataKeys() {
			want, _ := config.Metadata(key)
			if got := sidecarEnv(t, pod, key); got != want {
				t.Errorf("env %s: got %q, want %q as in the annotation", key, got, want)
			}
			if strings.HasPrefix(key, istio.DestinationsMetadataPrefix) {
				count++
				if !strings.ContainsAny(want, "[") || !strings.ContainsAny(want, "^") || !strings.ContainsAny(want, "$") {
					t.Errorf("pattern %q has no brackets, caret or dollar: this test shows nothing", want)
				}
			}
		}
		if count == 0 {
			t.Errorf("no pattern among the keys %v", config.MetadataKeys())
		}
		for key, want := range map[string]string{istio.HoldfastMetadata: istio.HoldfastVersion, istio.DestinationsIdleTimeoutMetadata: "86400000"} {
			if got := sidecarEnv(t, pod, key); got != want {
				t.Errorf("env %s: got %q, want %q", key, got, want)
			}
		}
	})
}

// Keepalive is a metadata key for the mesh's EnvoyFilter to select, and an
// annotation for people.
func TestKeepaliveReachesTheProxy(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		pod := injected(t, newPod(namespace, "keepalive"))
		if got, want := sidecarEnv(t, pod, istio.KeepaliveMetadata), "120s-30s-3"; got != want {
			t.Errorf("env %s: got %q, want %q", istio.KeepaliveMetadata, got, want)
		}
		if got, want := pod.Annotations[rules.KeepaliveAnnotation], "120s-30s-3"; got != want {
			t.Errorf("annotation %s: got %q, want %q", rules.KeepaliveAnnotation, got, want)
		}
	})
}

// drainDuration is no env of its own: it is in PROXY_CONFIG, which pilot-agent
// makes Envoy's --drain-time-s of.
func TestDrainDurationReachesTheProxy(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		pod := injected(t, newPod(namespace, "drain"))
		if got := proxyDrain(t, pod); got != "43200s" {
			t.Errorf("drainDuration in PROXY_CONFIG: got %q, want 43200s", got)
		}
	})
}

// proxyDrain is the drainDuration that a pod's sidecar is told.
func proxyDrain(t *testing.T, pod *corev1.Pod) string {
	t.Helper()
	var config struct {
		DrainDuration string `json:"drainDuration"`
	}
	text := sidecarEnv(t, pod, "PROXY_CONFIG")
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatalf("PROXY_CONFIG %q: %v", text, err)
	}
	return config.DrainDuration
}

// Everything at once on one pod.
func TestAllStrategiesTogether(t *testing.T) {
	bothKinds(t, func(t *testing.T, namespace string) {
		pod := injected(t, newPod(namespace, "idle", "destinations", "keepalive", "drain", "ports", "ranges"))
		for key, want := range map[string]string{
			istio.IdleTimeoutMetadata: "48h",
			istio.HoldfastMetadata:    istio.HoldfastVersion,
			istio.KeepaliveMetadata:   "120s-30s-3",
		} {
			if got := sidecarEnv(t, pod, key); got != want {
				t.Errorf("env %s: got %q, want %q", key, got, want)
			}
		}
		if got, want := initArgument(t, pod, "-o"), "3306,6379"; got != want {
			t.Errorf("istio-init -o: got %q, want %q", got, want)
		}
	})
}

// A gateway has no iptables and no pools of an application: it is left alone,
// and Istio admits it.
func TestGatewayPodIsLeftAlone(t *testing.T) {
	pod := annotated(newPod(optedIn(t, plain), "idle", "ports"), istio.TemplatesAnnotation, "gateway")
	pod.Spec.Containers[0].Name, pod.Spec.Containers[0].Image = mesh.ProxyContainer, "auto"
	created, warnings := create(t, pod)
	if created.Annotations[istio.StatusAnnotation] == "" {
		t.Fatalf("Istio did not make a gateway of it: %v", created.Annotations)
	}
	for _, key := range []string{rules.AppliedAnnotation, istio.ProxyConfigAnnotation, istio.ExcludeOutboundPortsAnnotation} {
		if got, ok := created.Annotations[key]; ok {
			t.Errorf("annotation %s: got %q, want none", key, got)
		}
	}
	if anyContains(warnings, "holdfast") {
		t.Errorf("got warnings %q, want none", warnings)
	}
}
