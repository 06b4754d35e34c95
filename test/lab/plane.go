package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kube "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// meshIdle is the mesh's default idle timeout in the lab. It stands for Istio's hour, so
// that a run takes minutes. It is set as an operator would set it for all pods; an
// EnvoyFilter would not do, because it wins over the pods' own annotations.
const meshIdle = 10 * time.Second

// istioIdle is the idle timeout of a sidecar that nobody has configured: Envoy's own default,
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto.
const istioIdle = time.Hour

// drain is Istio's default drainDuration:
// https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig.
const drain = 45 * time.Second

// Namespaces of the pods: the one whose configuration changes during the run, and the other.
const (
	quietNamespace   = "lab"
	changedNamespace = "lab-changed"
)

// xdsAddress is where a sidecar finds istiod: inside its own namespace, from where the lab
// carries the bytes to the real one.
const xdsAddress = "127.0.0.1:15010"

// meshConfig is the mesh's configuration. What it says beside the idle timeout lets
// upstream Envoy stand in for Istio's own build: no mTLS, since no certificate authority
// runs here, and the counters of TCP proxies, which Istio leaves out of its default set.
func meshConfig(envoy string) string {
	return fmt.Sprintf(`
enableAutoMtls: false
defaultConfig:
  discoveryAddress: %s
  binaryPath: %s
  concurrency: 1
  proxyStatsMatcher:
    inclusionPrefixes: [tcp., listener_manager., listener.0.0.0.0_15001., cluster.PassthroughCluster.upstream_cx]
  proxyMetadata:
    ISTIO_META_IDLE_TIMEOUT: %s
`, xdsAddress, envoy, meshIdle)
}

// startPlane starts the cluster, Istio and holdfast, with rules in holdfast's ConfigMap.
func startPlane(ctx context.Context, tools *tools, dir, rules string, logf func(string, ...any)) (*mesh.Mesh, error) {
	m, err := mesh.Start(ctx, mesh.Options{
		Dir: filepath.Join(dir, "mesh"), Logf: logf,
		Revisions: []mesh.Revision{{
			NativeSidecars: true,
			MeshConfig:     meshConfig(tools.envoy),
			// Telemetry's metrics and the two filters below exist in Istio's build of Envoy only.
			Values: "telemetry: {enabled: false}",
			Env:    []string{"PILOT_ENABLE_METADATA_EXCHANGE=false", "PILOT_ENABLE_ALPN_FILTER=false"},
		}},
	})
	if err != nil {
		return nil, err
	}
	if err := installPlane(ctx, m, rules); err != nil {
		_ = m.Stop()
		return nil, err
	}
	return m, nil
}

func installPlane(ctx context.Context, m *mesh.Mesh, rules string) error {
	err := m.Client.Create(ctx, object("security.istio.io/v1", "PeerAuthentication", mesh.RootNamespace, "default",
		map[string]any{"mtls": map[string]any{"mode": "DISABLE"}}))
	if err != nil {
		return fmt.Errorf("switching mTLS off: %w", err)
	}
	// Before the first pod: applied later, it would change the listeners of those that use it.
	if _, err := m.InstallMeshObjects(ctx); err != nil {
		return err
	}
	for _, name := range []string{quietNamespace, changedNamespace} {
		labels := map[string]string{"istio-injection": "enabled", "holdfast.dev/enabled": "true"}
		if err := m.Namespace(ctx, name, labels); err != nil {
			return err
		}
	}
	_, err = m.InstallHoldfast(ctx, mesh.HoldfastOptions{Rules: rules})
	return err
}

// changeMesh changes the configuration of the mesh as operators do every day: it switches
// access logs on, for one namespace. It returns when the API server has taken it.
func changeMesh(ctx context.Context, c kube.Client) (time.Time, error) {
	err := c.Create(ctx, object("telemetry.istio.io/v1", "Telemetry", changedNamespace, "access-logs", map[string]any{
		"accessLogging": []any{map[string]any{"providers": []any{map[string]any{"name": "envoy"}}}},
	}))
	if err != nil {
		return time.Time{}, fmt.Errorf("switching access logs on: %w", err)
	}
	return time.Now(), nil
}

func object(apiVersion, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"namespace": namespace, "name": name},
		"spec":     spec,
	}}
}

// rulesFile puts the scenarios' rules into one file; each finds its pod by a label.
func rulesFile(scenarios []scenario) string {
	var out strings.Builder
	out.WriteString("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n")
	for _, s := range scenarios {
		if s.rule == "" {
			continue
		}
		fmt.Fprintf(&out, "- name: %s\n  workloads: {podSelector: {matchLabels: {scenario: %s}}}\n", s.name, s.name)
		for line := range strings.Lines(strings.TrimSpace(s.rule)) {
			out.WriteString("  " + line)
		}
		out.WriteString("\n")
	}
	return out.String()
}
