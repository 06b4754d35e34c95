package istio_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	testmesh "github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// With its object applied, the proxy of a pod with keepalive probes on every upstream connection:
// to services, to passthrough traffic, to nobody else's. All other pods are served what they were.
func TestKeepaliveIsServed(t *testing.T) {
	namespace := optedIn(t, plain)
	newService(t, namespace, 6379)
	with := injected(t, newPod(namespace, "keepalive"))
	const other = `proxyMetadata: {ISTIO_META_HOLDFAST_KEEPALIVE: "120s-30s-4"}`
	others := map[string]*corev1.Pod{
		"no rule":                          first(create(t, newPod(namespace))),
		"another strategy":                 injected(t, newPod(namespace, "idle")),
		"destinations, without the object": injected(t, newPod(namespace, "destinations")),
		"another value":                    first(create(t, annotated(newPod(sidecarOnly(t, plain)), istio.ProxyConfigAnnotation, other))),
	}
	if got := sidecarEnv(t, others["another value"], istio.KeepaliveMetadata); got != "120s-30s-4" {
		t.Fatalf("got the metadata %q, want another value than the object's", got)
	}
	service := "outbound|6379||redis." + namespace + ".svc.cluster.local"
	before := map[string]map[string]string{}
	err := testmesh.Await(t.Context(), "the service", func(ctx context.Context) error {
		for what, pod := range others {
			served := serve(t, pod)
			if served.Clusters[service] == nil {
				return errors.New("no cluster " + service)
			}
			before[what] = resources(t, served)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	apply(t, objectOf(t, mesh.Keepalive(testmesh.RootNamespace, istio.Keepalive{Time: 120, Interval: 30, Probes: 3})))
	err = testmesh.Await(t.Context(), "keepalive on every outbound cluster", func(ctx context.Context) error {
		return checkKeepalive(serve(t, with), service)
	})
	if err != nil {
		t.Error(err)
	}
	// Checked after istiod is known to serve it: absence proves something now.
	for what, pod := range others {
		checkSame(t, what, before[what], resources(t, serve(t, pod)))
	}
}

// checkKeepalive looks for the value in every cluster but those to the pod's own application.
func checkKeepalive(served *testmesh.Served, service string) error {
	for _, name := range []string{service, "PassthroughCluster", "InboundPassthroughCluster"} {
		if served.Clusters[name] == nil {
			return fmt.Errorf("got no cluster %s among %d", name, len(served.Clusters))
		}
	}
	for name, c := range served.Clusters {
		got, want := keepaliveOf(c), "120s-30s-3"
		if strings.HasPrefix(name, "inbound|") || name == "InboundPassthroughCluster" {
			want = "none"
		}
		if got != want {
			return fmt.Errorf("cluster %s: got keepalive %s, want %s", name, got, want)
		}
		if err := c.ValidateAll(); err != nil {
			return fmt.Errorf("cluster %s: %w", name, err)
		}
	}
	return nil
}

// keepaliveOf is a cluster's keepalive in the form of names.
func keepaliveOf(c *clusterv3.Cluster) string {
	k := c.GetUpstreamConnectionOptions().GetTcpKeepalive()
	if k == nil {
		return "none"
	}
	return fmt.Sprintf("%ds-%ds-%d", k.GetKeepaliveTime().GetValue(), k.GetKeepaliveInterval().GetValue(), k.GetKeepaliveProbes().GetValue())
}
