package doctor

import (
	"context"
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"
	networkingapi "istio.io/api/networking/v1alpha3"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/certs"
)

// ctx is for what is done when a test's own context has ended.
func ctx() context.Context { return context.Background() }

func set(t *testing.T, change func() error) {
	t.Helper()
	if err := change(); err != nil {
		t.Error(err)
	}
}

// get reads an object by the name that it has.
func get(t *testing.T, o client.Object) {
	t.Helper()
	set(t, func() error { return shared.client.Get(ctx(), client.ObjectKeyFromObject(o), o) })
}

// create creates what was read before, as it was.
func create(t *testing.T, o client.Object) {
	t.Helper()
	o.SetResourceVersion("")
	o.SetUID("")
	set(t, func() error { return shared.client.Create(ctx(), o) })
}

func remove(t *testing.T, o client.Object) {
	t.Helper()
	set(t, func() error { return shared.client.Delete(ctx(), o, client.GracePeriodSeconds(0)) })
}

// without takes an object away for the time of a test.
func without(o client.Object) func(*testing.T) {
	return func(t *testing.T) {
		get(t, o)
		kept := o.DeepCopyObject().(client.Object)
		remove(t, o)
		t.Cleanup(func() { create(t, kept) })
	}
}

// with adds objects for the time of a test. A namespace only loses its labels: no
// controller is here that would end it.
func with(objects func(t *testing.T) []client.Object) func(*testing.T) {
	return func(t *testing.T) {
		for _, o := range objects(t) {
			set(t, func() error { return shared.client.Create(t.Context(), o) })
			t.Cleanup(func() {
				if _, ok := o.(*corev1.Namespace); !ok {
					remove(t, o)
					return
				}
				get(t, o)
				o.SetLabels(nil)
				set(t, func() error { return shared.client.Update(ctx(), o) })
			})
		}
	}
}

func constant(objects ...client.Object) func(*testing.T) []client.Object {
	return func(*testing.T) []client.Object { return objects }
}

// patched changes an object for the time of a test.
func patched(o client.Object, patch string) func(*testing.T) {
	return func(t *testing.T) {
		get(t, o)
		before := o.DeepCopyObject().(client.Object)
		set(t, func() error {
			return shared.client.Patch(t.Context(), o, client.RawPatch(types.JSONPatchType, []byte(patch)))
		})
		t.Cleanup(func() {
			before.SetResourceVersion(o.GetResourceVersion())
			set(t, func() error { return shared.client.Update(ctx(), before) })
		})
	}
}

// copyOfOwn is holdfast's configuration under another name.
func copyOfOwn(name string) func(*testing.T) []client.Object {
	return func(t *testing.T) []client.Object {
		o := &admissionregistration.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}}
		get(t, o)
		return []client.Object{&admissionregistration.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}, Webhooks: o.Webhooks}}
	}
}

// renamedOwn gives holdfast's configuration another name, as prefixes of tools do.
func renamedOwn(name string) func(*testing.T) {
	return func(t *testing.T) {
		with(copyOfOwn(name))(t)
		without(&admissionregistration.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}})(t)
	}
}

func withoutInjectors(t *testing.T) {
	for _, name := range []string{"istio-sidecar-injector", "istio-revision-tag-stable"} {
		without(&admissionregistration.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: name}})(t)
	}
}

func withoutReplicas(t *testing.T) {
	for _, name := range []string{"holdfast-a", "holdfast-b"} {
		remove(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: name}})
		t.Cleanup(func() { set(t, func() error { return shared.cluster.Place(ctx(), own, name, "node") }) })
	}
}

func notReady(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: "holdfast-b"}}
	get(t, pod)
	set(t, func() error { return shared.cluster.SetReady(t.Context(), pod, false) })
	t.Cleanup(func() { set(t, func() error { return shared.cluster.SetReady(ctx(), pod, true) }) })
}

// otherBundle gives the validating configuration the CA of somebody else.
func otherBundle(t *testing.T) {
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	patch, err := json.Marshal([]map[string]any{{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": authority.PEM}})
	if err != nil {
		t.Fatal(err)
	}
	patched(&admissionregistration.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}}, string(patch))(t)
}

// badRules are written while nobody looks at them.
func badRules(t *testing.T) {
	t.Cleanup(func() { set(t, func() error { return putRules(ctx(), rulesText) }) })
	validating := &admissionregistration.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "holdfast"}}
	get(t, validating)
	remove(t, validating)
	// The API server takes a moment to forget the webhook.
	eventually(t, "bad rules that nobody refuses", func() (bool, string) {
		err := putRules(t.Context(), "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n- name: broken\n")
		if err != nil {
			return false, err.Error()
		}
		return true, ""
	})
	create(t, validating)
}

// refusing is a real policy that refuses an annotation in one namespace.
func refusing(t *testing.T) {
	try := func() error {
		return shared.client.Create(ctx(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "pay", GenerateName: "try-", Annotations: map[string]string{"proxy.istio.io/config": "{}"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}},
		}, client.DryRunAll)
	}
	// Registered first, so that it runs last: the API server takes a moment to forget.
	t.Cleanup(func() { eventually(t, "the policy gone", func() (bool, string) { return try() == nil, "" }) })
	meta := metav1.ObjectMeta{Name: "no-proxy-config"}
	with(constant(
		&admissionregistration.ValidatingAdmissionPolicy{ObjectMeta: meta, Spec: admissionregistration.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistration.MatchResources{ResourceRules: []admissionregistration.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistration.RuleWithOperations{
					Operations: []admissionregistration.OperationType{admissionregistration.Create},
					Rule:       admissionregistration.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
				},
			}}},
			Validations: []admissionregistration.Validation{{
				Expression: `!has(object.metadata.annotations) || !('proxy.istio.io/config' in object.metadata.annotations)`,
				Message:    "proxy configuration is the mesh team's",
			}},
		}},
		&admissionregistration.ValidatingAdmissionPolicyBinding{ObjectMeta: meta, Spec: admissionregistration.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: meta.Name, ValidationActions: []admissionregistration.ValidationAction{admissionregistration.Deny},
			MatchResources: &admissionregistration.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "pay"}}},
		}},
	))(t)
	eventually(t, "the policy in force", func() (bool, string) { return apierrors.IsInvalid(try()), "" })
}

// idleFilter is what operators find in old guides: an idle timeout for every TCP proxy.
func idleFilter() *networking.EnvoyFilter {
	value, err := structpb.NewStruct(map[string]any{
		"name": "envoy.filters.network.tcp_proxy",
		"typed_config": map[string]any{
			"@type":        "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
			"idle_timeout": "600s",
		},
	})
	if err != nil {
		panic(err) // of constants
	}
	return &networking.EnvoyFilter{
		ObjectMeta: metav1.ObjectMeta{Namespace: mesh, Name: "idle"},
		Spec: networkingapi.EnvoyFilter{ConfigPatches: []*networkingapi.EnvoyFilter_EnvoyConfigObjectPatch{{
			ApplyTo: networkingapi.EnvoyFilter_NETWORK_FILTER,
			Match: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch{
				Context: networkingapi.EnvoyFilter_SIDECAR_OUTBOUND,
				ObjectTypes: &networkingapi.EnvoyFilter_EnvoyConfigObjectMatch_Listener{Listener: &networkingapi.EnvoyFilter_ListenerMatch{
					FilterChain: &networkingapi.EnvoyFilter_ListenerMatch_FilterChainMatch{
						Filter: &networkingapi.EnvoyFilter_ListenerMatch_FilterMatch{Name: "envoy.filters.network.tcp_proxy"},
					},
				}},
			},
			Patch: &networkingapi.EnvoyFilter_Patch{Operation: networkingapi.EnvoyFilter_Patch_MERGE, Value: value},
		}}},
	}
}
