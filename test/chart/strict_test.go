package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// The API server takes every object of every choice, with strict field validation: an
// unknown field is an error, and so is one that stands twice.
func TestStrictly(t *testing.T) {
	namespaces(t, nil, cluster.Namespace, "istio-system", "mesh-root")
	strict := client.WithFieldValidation(shared.Client, metav1.FieldValidationStrict)
	for _, values := range choices(t) {
		t.Run(values.name, func(t *testing.T) {
			seen := map[string]bool{}
			for _, object := range strictObjects(t, manifest(t, cluster.Namespace, values.flags...)) {
				name := object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
				if seen[name] {
					t.Errorf("%s is rendered twice", name)
				}
				seen[name] = true
				var err error
				if object.GetKind() == "Namespace" { // the others need it there
					err = strict.Patch(t.Context(), object, client.Merge, client.DryRunAll)
				} else {
					err = strict.Create(t.Context(), object, client.DryRunAll)
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	// It does look: a field that does not exist.
	wrong := object(t, render(t, cluster.Namespace), "Service", "holdfast")
	wrong.Object["spec"].(map[string]any)["selektor"] = "x"
	if err := strict.Create(t.Context(), wrong, client.DryRunAll); err == nil {
		t.Error("the API server takes a Service with an unknown field")
	}
}

// strictObjects reads a manifest in which no key stands twice.
func strictObjects(t *testing.T, text []byte) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var value map[string]any
		switch err := decoder.Decode(&value); {
		case errors.Is(err, io.EOF):
			return objects
		case err != nil:
			t.Fatal(err)
		case value == nil:
			continue
		}
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := json.Unmarshal(data, object); err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
}

// The pods themselves are taken under the strictest Pod Security Standard, and beside
// the priority class of the system; on the host's network only where that is allowed.
func TestPodSecurity(t *testing.T) {
	const level = "pod-security.kubernetes.io/enforce"
	namespaces(t, map[string]string{level: "restricted"}, "restricted")
	namespaces(t, map[string]string{level: "privileged"}, "privileged")
	if err := shared.Client.Create(t.Context(), &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "platform"}, Value: 1000}); err != nil {
		t.Fatal(err)
	}
	for _, values := range choices(t) {
		t.Run(values.name, func(t *testing.T) {
			pod := podOf(t, render(t, "restricted", values.flags...))
			namespace := "restricted"
			if pod.Spec.HostNetwork {
				if err := shared.Client.Create(t.Context(), pod.DeepCopy(), client.DryRunAll); err == nil {
					t.Error("the standard restricted takes a pod on the host's network")
				}
				namespace = "privileged"
			}
			pod.Namespace = namespace
			if err := shared.Client.Create(t.Context(), pod, client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

// podOf is a pod of the Deployment.
func podOf(t *testing.T, objects []*unstructured.Unstructured) *corev1.Pod {
	t.Helper()
	var deployment appsv1.Deployment
	found := object(t, objects, "Deployment", "holdfast")
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, &deployment); err != nil {
		t.Fatal(err)
	}
	template := deployment.Spec.Template
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Namespace, pod.GenerateName = found.GetNamespace(), "holdfast-"
	return pod
}

func toUnstructured(t *testing.T, object any) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	delete(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return u
}
