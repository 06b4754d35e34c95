package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
	"github.com/holdfast-mesh/holdfast/test/lab/waypoint"
)

// istioIdle is the idle timeout of a sidecar that nobody has configured: Envoy's own default,
// https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto.
const istioIdle = time.Hour

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
`, xdsAddress, envoy)
}

// idleDefault is the mesh's idle timeout, as a line of defaultConfig.
var idleDefault = fmt.Sprintf("  proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: %s}\n", scenario.MeshIdle)

// plane is what the lab's pods have in common: the cluster with Istio and holdfast.
type plane struct {
	*mesh.Mesh
	holdfast *mesh.Holdfast
	edit     sync.Mutex // of the rules: two lanes do it
}

// startPlane starts the cluster, Istio and holdfast, with the rules of all scenarios in
// holdfast's ConfigMap.
func startPlane(ctx context.Context, tools *machine.Tools, dir string, logf func(string, ...any)) (*plane, error) {
	sidecars := mesh.Revision{
		NativeSidecars: true,
		MeshConfig:     meshConfig(tools.Envoy) + idleDefault,
		// Telemetry's metrics and the two filters below exist in Istio's build of Envoy only.
		Values: "telemetry: {enabled: false}",
		Env: []string{
			"PILOT_ENABLE_METADATA_EXCHANGE=false", "PILOT_ENABLE_ALPN_FILTER=false",
			// Not 10 s, which the lab's own new pods would bring about.
			"PILOT_DEBOUNCE_MAX=1s",
		},
	}
	// One of its own, so that sidecars are served what they are served without ambient.
	waypoints := sidecars
	waypoints.Name, waypoints.Ambient = scenario.AmbientRevision, true
	// Tags of traces are of a kind that Envoy 1.36 does not know.
	waypoints.MeshConfig = meshConfig(tools.Envoy) + "enableTracing: false\n"
	// Tunnels between networks: another thing of Istio's build of Envoy.
	waypoints.Env = append(slices.Clone(sidecars.Env), "AMBIENT_ENABLE_MULTI_NETWORK_WAYPOINT=false")
	m, err := mesh.Start(ctx, mesh.Options{
		Dir: filepath.Join(dir, "mesh"), Logf: logf, Revisions: []mesh.Revision{sidecars, waypoints},
	})
	if err != nil {
		return nil, err
	}
	p := &plane{Mesh: m}
	if err := p.install(ctx); err != nil {
		_ = m.Stop()
		return nil, err
	}
	return p, nil
}

func (p *plane) install(ctx context.Context) (err error) {
	err = p.Client.Create(ctx, object("security.istio.io/v1", "PeerAuthentication", mesh.RootNamespace, "default",
		map[string]any{"mtls": map[string]any{"mode": "DISABLE"}}))
	if err != nil {
		return fmt.Errorf("switching mTLS off: %w", err)
	}
	if err := waypoint.Install(ctx, p.Client); err != nil {
		return err
	}
	for _, s := range scenario.All() {
		labels := map[string]string{"istio-injection": "enabled", "holdfast.dev/enabled": "true"}
		if err := p.Namespace(ctx, s.Namespace(), labels); err != nil {
			return err
		}
	}
	p.holdfast, err = p.InstallHoldfast(ctx, mesh.HoldfastOptions{Rules: scenario.RulesFile(scenario.All())})
	return err
}

func object(apiVersion, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"namespace": namespace, "name": name},
		"spec":     spec,
	}}
}
