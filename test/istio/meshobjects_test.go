package istio_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
	testmesh "github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// Istio's validating webhook, which refuses what is broken, takes every kind of object.
func TestMeshObjectsAreAdmitted(t *testing.T) {
	broken := mesh.Destinations(testmesh.RootNamespace)
	config := broken.Spec.ConfigPatches[0].Patch.Value.Fields["typed_config"].GetStructValue()
	config.Fields["@type"] = structpb.NewStringValue("type.googleapis.com/envoy.extensions.filters.network.none.v3.Config")
	err := testmesh.Await(t.Context(), "the validating webhook", func(ctx context.Context) error {
		// The API server learns of the webhook a moment after it was installed.
		err := shared.mesh.Client.Create(ctx, objectOf(t, broken), client.DryRunAll)
		if err == nil {
			return errors.New("a filter of a type that nobody knows was admitted")
		}
		if !strings.Contains(err.Error(), `admission webhook "validation.istio.io" denied the request`) {
			return fmt.Errorf("refused by another: %w", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	namespace := newNamespace(t, nil)
	gateway := &rules.Gateway{
		Name: strings.Repeat("g", 63), Namespace: namespace, Selector: map[string]string{"istio": "ingressgateway"},
		Ports: []uint16{1, 8443, 65535}, Keepalive: istio.Keepalive{Time: 300, Interval: 20, Probes: 4},
	}
	for _, o := range []mesh.Object{
		mesh.Destinations(testmesh.RootNamespace),
		mesh.Keepalive(testmesh.RootNamespace, istio.Keepalive{Time: 1, Interval: 1, Probes: 1}),
		mesh.Keepalive(testmesh.RootNamespace, istio.Keepalive{Time: istio.MaxKeepaliveSeconds, Interval: istio.MaxKeepaliveSeconds, Probes: istio.MaxKeepaliveProbes}),
		mesh.Gateway(gateway),
	} {
		if err := shared.mesh.Client.Create(t.Context(), objectOf(t, o), client.DryRunAll); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
}

// objectOf is what kubectl would send.
func objectOf(t *testing.T, o mesh.Object) *unstructured.Unstructured {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return object
}

// apply creates objects until the test ends.
func apply(t *testing.T, objects ...*unstructured.Unstructured) {
	t.Helper()
	for _, object := range objects {
		if err := shared.mesh.Client.Create(t.Context(), object); err != nil {
			t.Fatalf("creating %s %s: %v", object.GetKind(), object.GetName(), err)
		}
		t.Cleanup(func() {
			if err := shared.mesh.Client.Delete(context.Background(), object); err != nil {
				t.Error(err)
			}
		})
	}
}

// serve asks the plain revision's istiod for a pod's configuration.
func serve(t *testing.T, pod *corev1.Pod) *testmesh.Served {
	t.Helper()
	served, err := shared.mesh.Revision(plain).Serve(t.Context(), pod, "10.0.0.7")
	if err != nil {
		t.Fatal(err)
	}
	return served
}

// resources are all clusters and listeners as bytes, by kind and name.
func resources(t *testing.T, served *testmesh.Served) map[string]string {
	t.Helper()
	texts := map[string]string{}
	add := func(name string, m proto.Message) {
		data, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(data)
	}
	for name, c := range served.Clusters {
		add("cluster "+name, c)
	}
	for name, l := range served.Listeners {
		add("listener "+name, l)
	}
	return texts
}

// checkSame holds what is served now against what was served before, byte for byte.
func checkSame(t *testing.T, what string, before, now map[string]string) {
	t.Helper()
	if len(before) == 0 || len(before) != len(now) {
		t.Errorf("%s: got %d resources, want the %d from before", what, len(now), len(before))
	}
	for name, want := range before {
		if got, ok := now[name]; !ok || got != want {
			t.Errorf("%s: %s changed or is gone: %d bytes, before %d", what, name, len(got), len(want))
		}
	}
}
