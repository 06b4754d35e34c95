package istio_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
	testmesh "github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// Two TCP servers and one HTTP server of the gateways with a label.
const gatewayServers = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {gateways: edge}
  servers:
  - {port: {number: 8443, name: tcp-a, protocol: TCP}, hosts: ["*"]}
  - {port: {number: 9000, name: tcp-b, protocol: TCP}, hosts: ["*"]}
  - {port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge}
spec:
  hosts: ["*"]
  gateways: [edge]
  tcp:
  - {match: [{port: 8443}], route: [{destination: {host: redis, port: {number: 6379}}}]}
  - {match: [{port: 9000}], route: [{destination: {host: redis, port: {number: 6379}}}]}
`

// With its object applied, the listeners of a gateway's ports ask the kernel for keepalive, and
// nothing else changes: no other port, no gateway that the selector leaves out or that is in
// another namespace, no sidecar.
func TestGatewayIsServed(t *testing.T) {
	for name, namespace := range map[string]string{
		"a namespace of its own": optedIn(t, plain),
		// Where Istio's own profile puts its gateway. What is applied there without care reaches
		// every namespace.
		"the root namespace": testmesh.RootNamespace,
	} {
		t.Run(name, func(t *testing.T) { checkGateway(t, namespace) })
	}
}

func checkGateway(t *testing.T, namespace string) {
	elsewhere := optedIn(t, plain)
	newService(t, elsewhere, 6379)
	for _, text := range strings.Split(gatewayServers, "---\n") {
		object := &unstructured.Unstructured{}
		if err := sigsyaml.Unmarshal([]byte(text), &object.Object); err != nil {
			t.Fatal(err)
		}
		object.SetNamespace(elsewhere) // a Gateway selects pods of all namespaces
		apply(t, object)
	}
	public := newGateway(t, namespace, "public")
	others := map[string]*corev1.Pod{
		"a gateway with another label":              newGateway(t, namespace, "internal"),
		"a gateway with this label, somewhere else": newGateway(t, elsewhere, "public"),
		"a sidecar": first(create(t, newPod(elsewhere, "idle"))),
	}
	before := map[*corev1.Pod]map[string]string{}
	err := testmesh.Await(t.Context(), "the gateway's listeners", func(ctx context.Context) error {
		for _, pod := range append(slices.Collect(maps.Values(others)), public) {
			served := serve(t, pod)
			for _, name := range []string{"0.0.0.0_8443", "0.0.0.0_9000", "0.0.0.0_8080"} {
				if pod != others["a sidecar"] && served.Listeners[name] == nil {
					return fmt.Errorf("no listener %s among %d", name, len(served.Listeners))
				}
			}
			before[pod] = resources(t, served)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	apply(t, objectOf(t, mesh.Gateway(&rules.Gateway{
		Name: "public", Namespace: namespace, Selector: map[string]string{"app": "public"}, Ports: []uint16{8443, 8080},
		Keepalive: istio.Keepalive{Time: 300, Interval: 20, Probes: 4},
	})))
	want := []string{"1/9=1 STATE_PREBIND", "6/4=300 STATE_PREBIND", "6/5=20 STATE_PREBIND", "6/6=4 STATE_PREBIND"}
	changed := []string{"0.0.0.0_8443", "0.0.0.0_8080"}
	err = testmesh.Await(t.Context(), "socket options", func(ctx context.Context) error {
		served := serve(t, public)
		for _, name := range changed {
			l := served.Listeners[name]
			if diff := cmp.Diff(want, socketOptions(l)); diff != "" {
				return errors.New(name + ": (-want +got)\n" + diff)
			}
			if err := l.ValidateAll(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	now := resources(t, serve(t, public))
	for _, name := range changed {
		delete(now, "listener "+name)
		delete(before[public], "listener "+name)
	}
	checkSame(t, "other ports of this gateway", before[public], now)
	for what, pod := range others {
		checkSame(t, what, before[pod], resources(t, serve(t, pod)))
	}
}

// newGateway creates a gateway's pod, as Istio's gateway chart makes it.
func newGateway(t *testing.T, namespace, app string) *corev1.Pod {
	t.Helper()
	pod := newPod(namespace)
	pod.Labels = map[string]string{"app": app, "gateways": "edge", istio.InjectKey: "true"}
	pod.Spec.Containers = []corev1.Container{{Name: testmesh.ProxyContainer, Image: "auto"}}
	created, _ := create(t, annotated(pod, istio.TemplatesAnnotation, "gateway"))
	t.Cleanup(func() {
		if err := shared.mesh.Client.Delete(context.Background(), created); err != nil {
			t.Error(err)
		}
	})
	return created
}

// socketOptions are a listener's options as level/name=value and state.
func socketOptions(l *listenerv3.Listener) (options []string) {
	for _, o := range l.GetSocketOptions() {
		options = append(options, fmt.Sprintf("%d/%d=%d %s", o.GetLevel(), o.GetName(), o.GetIntValue(), o.GetState()))
	}
	return options
}
