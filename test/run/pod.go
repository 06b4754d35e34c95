package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"

	"gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
)

// pod is one pod to send, with what 'holdfast explain' says of it.
type pod struct {
	title    string
	object   *corev1.Pod
	verdicts []rules.Verdict
}

// readPods makes the pods that the manifests of a file would lead to.
func readPods(ctx context.Context, program, rulesFile, path string) ([]pod, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parsed, err := manifest.Parse(path, data)
	if err != nil {
		return nil, err
	}
	documents, err := manifest.Objects(data)
	if err != nil {
		return nil, err
	}
	explained, err := exec.CommandContext(ctx, program, "explain", "-f", rulesFile, "-o", "json", path).Output()
	if err != nil {
		return nil, fmt.Errorf("holdfast explain %s: %w", path, err)
	}
	var explanations []struct{ Rules []rules.Verdict }
	if err := json.Unmarshal(explained, &explanations); err != nil {
		return nil, err
	}
	var pods []pod
	for i, template := range parsed.Templates() {
		object := &corev1.Pod{}
		if err := json.Unmarshal(at(documents[template.Document], template.Pointer), object); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, template.Line, err)
		}
		object.APIVersion, object.Kind = "v1", "Pod"
		if object.Namespace = template.Namespace; object.Namespace == "" {
			object.Namespace = "default"
		}
		if object.Name == "" && object.GenerateName == "" {
			object.GenerateName = template.Name + "-"
		}
		pods = append(pods, pod{
			title:    fmt.Sprintf("%s: %s %s/%s", path, template.Kind, object.Namespace, template.Name),
			object:   object,
			verdicts: explanations[i].Rules,
		})
	}
	return pods, nil
}

// at returns the part of a document that a JSON pointer names.
func at(document json.RawMessage, pointer string) json.RawMessage {
	for _, step := range strings.Split(pointer, "/")[1:] {
		var fields map[string]json.RawMessage
		if json.Unmarshal(document, &fields) == nil {
			document = fields[step]
			continue
		}
		var items []json.RawMessage
		var index int
		if _, err := fmt.Sscan(step, &index); err != nil || json.Unmarshal(document, &items) != nil || index >= len(items) {
			return nil
		}
		document = items[index]
	}
	return document
}

// review sends a pod as the API server does at its creation.
func (s *server) review(ctx context.Context, object *corev1.Pod) (*admissionv1.AdmissionResponse, error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID:       "00000000-0000-0000-0000-000000000001",
			Kind:      metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			Resource:  metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
			Namespace: object.Namespace,
			Operation: admissionv1.Create,
			Object:    runtime.RawExtension{Raw: raw},
		},
	})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var result admissionv1.AdmissionReview
	if err := json.Unmarshal(answer, &result); err != nil || result.Response == nil {
		return nil, fmt.Errorf("got HTTP %d %q, want an AdmissionReview", response.StatusCode, answer)
	}
	return result.Response, nil
}

// print shows what the answer changes in the pod, and why.
func (p *pod) print(w io.Writer, answer *admissionv1.AdmissionResponse) {
	fmt.Fprintln(w, p.title)
	fmt.Fprintf(w, "  %s", answer.AuditAnnotations["reason"])
	if detail := answer.AuditAnnotations["detail"]; detail != "" {
		fmt.Fprintf(w, ": %s", detail)
	}
	fmt.Fprintln(w)
	if len(answer.Patch) > 0 {
		p.printChanges(w, answer.Patch)
	}
	for _, v := range p.verdicts {
		if v.Matched && len(answer.Patch) > 0 {
			fmt.Fprintf(w, "  why: rule %s: %s\n", v.Rule, v.Detail)
			for _, e := range v.Evidence {
				fmt.Fprintf(w, "       %s uses %s\n", e.Where, e.Address)
			}
		}
	}
	for _, warning := range answer.Warnings {
		fmt.Fprintf(w, "  %s\n", warning)
	}
}

// printChanges applies the patch as the API server would and shows the
// annotations that differ.
func (p *pod) printChanges(w io.Writer, patch []byte) {
	before, _ := json.Marshal(p.object)
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		fmt.Fprintln(w, "  not a patch:", err)
		return
	}
	after, err := operations.Apply(before)
	if err != nil {
		fmt.Fprintln(w, "  the patch does not apply:", err)
		return
	}
	var patched corev1.Pod
	if err := json.Unmarshal(after, &patched); err != nil {
		fmt.Fprintln(w, "  not a pod any more:", err)
		return
	}
	keys := maps.Clone(patched.Annotations)
	maps.Copy(keys, p.object.Annotations)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		old, had := p.object.Annotations[key]
		value, has := patched.Annotations[key]
		switch {
		case had && has && old == value:
		case !has:
			fmt.Fprintf(w, "  - %s\n", key)
		case had:
			fmt.Fprintf(w, "  ~ %s\n", text(key, value))
		default:
			fmt.Fprintf(w, "  + %s\n", text(key, value))
		}
	}
}

// text shows an annotation, a value of several lines below its key.
func text(key, value string) string {
	value = strings.TrimRight(value, "\n")
	if strings.Contains(value, "\n") {
		return key + ": |\n      " + strings.ReplaceAll(value, "\n", "\n      ")
	}
	return key + ": " + value
}
