// Package waypoint makes the pod of an ambient waypoint as a cluster would: from the Deployment
// that the real istiod writes for a Gateway. It stands in for what makes pods and endpoints there,
// kube-controller-manager and the kubelet.
package waypoint

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

//go:embed upstream.yaml
var upstream []byte

// Install lets upstream's Envoy stand in for Istio's own in waypoints.
func Install(ctx context.Context, c client.Client) error {
	filter := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(upstream, filter); err != nil {
		return err
	}
	filter.SetNamespace(mesh.RootNamespace)
	return c.Create(ctx, filter)
}

// Pod waits until istiod has written the Deployment of the namespace's waypoint, and returns the
// pod that it describes, without a name.
func Pod(ctx context.Context, c client.Client, namespace string) (*corev1.Pod, error) {
	deployment := &appsv1.Deployment{}
	err := mesh.Await(ctx, "the Deployment of a waypoint in "+namespace, func(ctx context.Context) error {
		return c.Get(ctx, types.NamespacedName{Namespace: namespace, Name: scenario.WaypointName}, deployment)
	})
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{ObjectMeta: deployment.Spec.Template.ObjectMeta, Spec: deployment.Spec.Template.Spec}
	pod.Namespace = namespace
	return pod, nil
}

// Run says where the pod runs, in its status and as the endpoint of its Service, and returns when
// istiod has taken note. Services have no waypoint before, and it none of them.
func Run(ctx context.Context, c client.Client, pod *corev1.Pod, address string) error {
	pod.Status.Phase = corev1.PodRunning
	pod.Status.PodIP, pod.Status.PodIPs = address, []corev1.PodIP{{IP: address}}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	if err := c.Status().Update(ctx, pod); err != nil {
		return err
	}
	service := &corev1.Service{}
	if err := c.Get(ctx, types.NamespacedName{Namespace: pod.Namespace, Name: scenario.WaypointName}, service); err != nil {
		return err
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: service.Name,
			Labels: map[string]string{discoveryv1.LabelServiceName: service.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses:  []string{address},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name},
		}},
	}
	for _, port := range service.Spec.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: ptr.To(port.Name), Port: ptr.To(port.Port), Protocol: ptr.To(port.Protocol)})
	}
	if err := c.Create(ctx, slice); err != nil {
		return err
	}
	gateway := &unstructured.Unstructured{}
	gateway.SetAPIVersion("gateway.networking.k8s.io/v1")
	gateway.SetKind("Gateway")
	return mesh.Await(ctx, "an address of the waypoint in "+pod.Namespace, func(ctx context.Context) error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(service), gateway); err != nil {
			return err
		}
		if addresses, _, _ := unstructured.NestedSlice(gateway.Object, "status", "addresses"); len(addresses) == 0 {
			return errors.New("its Gateway's status has none")
		}
		return nil
	})
}

// Identify writes what the mesh's authority would have signed for a pod's service account, with
// the names that pilot-agent looks for. Sidecars do not use it: mTLS is off in the lab, but for
// tunnels.
func Identify(a *certs.Authority, dir string, pod *corev1.Pod) error {
	if err := a.WriteIdentity(dir, ID(pod.Namespace, pod.Spec.ServiceAccountName)); err != nil {
		return err
	}
	for from, to := range map[string]string{"tls.crt": "cert-chain.pem", "tls.key": "key.pem", "ca.crt": "root-cert.pem"} {
		if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			return err
		}
	}
	return nil
}

// ID names a service account for mTLS.
func ID(namespace, account string) *url.URL {
	return &url.URL{Scheme: "spiffe", Host: "cluster.local", Path: fmt.Sprintf("/ns/%s/sa/%s", namespace, account)}
}
