package istio_test

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/istio/mesh"
)

// newNamespace makes a namespace for one test and returns its name.
func newNamespace(t *testing.T, labels map[string]string) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: labels}}
	if err := shared.mesh.Client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

// optedIn makes a namespace that wants holdfast, and sidecars of a revision or
// tag.
func optedIn(t *testing.T, revision string) string {
	t.Helper()
	return newNamespace(t, map[string]string{rules.EnabledKey: "true", istio.RevisionLabel: revisionLabel(revision)})
}

// sidecarOnly makes a namespace that wants sidecars and not holdfast.
func sidecarOnly(t *testing.T, revision string) string {
	t.Helper()
	return newNamespace(t, map[string]string{istio.RevisionLabel: revisionLabel(revision)})
}

func revisionLabel(revision string) string {
	if revision == plain {
		return "default"
	}
	return revision
}

// newPod is a pod that wants the named rules of testdata/rules.yaml.
func newPod(namespace string, wants ...string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "cart-", Labels: map[string]string{"app": "cart"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "cart", Image: "cart:1"}}},
	}
	for _, want := range wants {
		pod.Labels["want-"+want] = "yes"
	}
	return pod
}

// annotated adds annotations, as key and value in turn.
func annotated(pod *corev1.Pod, pairs ...string) *corev1.Pod {
	pod.Annotations = maps.Clone(pod.Annotations)
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	for i := 0; i < len(pairs); i += 2 {
		pod.Annotations[pairs[i]] = pairs[i+1]
	}
	return pod
}

// create creates a pod that must be admitted, and returns what was stored and
// the warnings.
func create(t *testing.T, pod *corev1.Pod) (*corev1.Pod, []string) {
	t.Helper()
	created, warnings, err := shared.mesh.CreatePod(t.Context(), pod)
	if err != nil {
		t.Fatalf("creating the pod: %v", err)
	}
	return created, warnings
}

// injected creates a pod and checks that it has a sidecar and was patched
// before it got one.
func injected(t *testing.T, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	created, warnings := create(t, pod)
	if !captured(created) {
		t.Fatalf("Istio gave the pod no sidecar; annotations %v", created.Annotations)
	}
	if created.Annotations[rules.AppliedAnnotation] == "" {
		t.Fatalf("holdfast did not patch the pod; annotations %v, warnings %q", created.Annotations, warnings)
	}
	return created
}

// sidecarEnv returns a variable of the sidecar, as the kubelet would set it.
func sidecarEnv(t *testing.T, pod *corev1.Pod, name string) string {
	t.Helper()
	environment, err := mesh.Environment(pod, mesh.Container(pod, mesh.ProxyContainer), "10.0.0.7")
	if err != nil {
		t.Fatal(err)
	}
	value, _ := mesh.Value(environment, name)
	return value
}

// initArgument returns the value after a flag of istio-init, which must exist.
func initArgument(t *testing.T, pod *corev1.Pod, flag string) string {
	t.Helper()
	if mesh.Container(pod, "istio-init") == nil {
		t.Fatal("the pod has no istio-init")
	}
	return initValue(pod, flag)
}

// anyContains reports whether a warning contains a text.
func anyContains(warnings []string, text string) bool {
	return slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, text) })
}

// sameItems compares comma lists without regard to order.
func sameItems(a, b string) bool {
	as, bs := strings.Split(a, ","), strings.Split(b, ",")
	slices.Sort(as)
	slices.Sort(bs)
	return slices.Equal(as, bs)
}

// setSharedRules puts testdata/rules.yaml back into force after a test.
func setSharedRules(t *testing.T) {
	t.Helper()
	if err := shared.holdfast.SetRules(context.Background(), sharedRules); err != nil {
		t.Error(err)
	}
}

// compareUnder puts the rules of a file in force, until the test ends, and makes
// two namespaces for sidecars: one that holdfast looks at, one that it does not.
func compareUnder(t *testing.T, rulesFile string) (with, without string) {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := shared.holdfast.SetRules(t.Context(), string(text)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { setSharedRules(t) })
	with = newNamespace(t, map[string]string{rules.EnabledKey: "true", istio.InjectionLabel: "enabled"})
	without = newNamespace(t, map[string]string{istio.InjectionLabel: "enabled"})
	return with, without
}
