package reviews

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// UID is the uid of every review that Send sends; an answer must repeat it.
const UID = "6d7c1a52-0c5e-4f4b-9f0e-3f6b7f3f9a11"

// Body is the review of a pod's creation.
func Body(pod *corev1.Pod) ([]byte, error) {
	raw, err := json.Marshal(pod)
	if err != nil {
		return nil, err
	}
	return json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID:       UID,
			Kind:      metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			Resource:  metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
			Name:      pod.Name,
			Namespace: pod.Namespace,
			Operation: admissionv1.Create,
			Object:    runtime.RawExtension{Raw: raw},
		},
	})
}

// Send posts the review of a pod's creation and returns the answer.
func Send(ctx context.Context, client *http.Client, url string, pod *corev1.Pod) (*admissionv1.AdmissionResponse, error) {
	body, err := Body(pod)
	if err != nil {
		return nil, err
	}
	response, err := Ask(ctx, client, url, body)
	if err == nil && response.UID != UID {
		return nil, fmt.Errorf("got uid %q, want the request's %q", response.UID, UID)
	}
	return response, err
}

// Ask posts a review and returns the response in the answer.
func Ask(ctx context.Context, client *http.Client, url string, body []byte) (*admissionv1.AdmissionResponse, error) {
	status, answer, err := Post(ctx, client, url, body)
	if err != nil {
		return nil, err
	}
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(answer, &review); err != nil || review.Response == nil {
		return nil, fmt.Errorf("got HTTP %d %q, want an AdmissionReview", status, answer)
	}
	return review.Response, nil
}

// Post posts JSON and returns the status and the body of the answer.
func Post(ctx context.Context, client *http.Client, url string, body []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// Apply returns the pod after the patch of an answer, applied by the library
// that the API server uses.
func Apply(pod *corev1.Pod, answer *admissionv1.AdmissionResponse) (*corev1.Pod, error) {
	if len(answer.Patch) == 0 {
		return pod.DeepCopy(), nil
	}
	before, err := json.Marshal(pod)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(answer.Patch)
	if err != nil {
		return nil, fmt.Errorf("not a patch: %w", err)
	}
	after, err := patch.Apply(before)
	if err != nil {
		return nil, fmt.Errorf("the patch does not apply: %w", err)
	}
	patched := &corev1.Pod{}
	if err := json.Unmarshal(after, patched); err != nil {
		return nil, fmt.Errorf("not a pod any more: %w", err)
	}
	return patched, nil
}
