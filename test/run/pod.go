package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// pod is one pod to send, with what 'holdfast explain' says of it.
type pod struct {
	title    string
	object   *corev1.Pod
	detail   string
	verdicts []rules.Verdict
}

// readPods makes the pods that the manifests of the files would lead to.
func readPods(ctx context.Context, program, rulesFile string, files []string) ([]pod, error) {
	var objects []*corev1.Pod
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		found, err := reviews.Pods(path, data)
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	explain := exec.CommandContext(ctx, program, append([]string{"explain", "-f", rulesFile, "-o", "json"}, files...)...)
	explain.Stderr = os.Stderr
	explained, err := explain.Output()
	if err != nil {
		return nil, fmt.Errorf("holdfast explain: %w", err)
	}
	var explanations []struct {
		File, Kind, Namespace, Name, Detail string
		Rules                               []rules.Verdict
	}
	if err := json.Unmarshal(explained, &explanations); err != nil {
		return nil, err
	}
	if len(explanations) != len(objects) {
		return nil, fmt.Errorf("holdfast explain: got %d pods, want %d", len(explanations), len(objects))
	}
	pods := make([]pod, len(objects))
	for i, e := range explanations {
		title := fmt.Sprintf("%s: %s %s/%s", e.File, e.Kind, e.Namespace, e.Name)
		pods[i] = pod{title: title, object: objects[i], detail: e.Detail, verdicts: e.Rules}
	}
	return pods, nil
}

// print shows what the answer changes in the pod, and why.
func (p *pod) print(w io.Writer, answer *admissionv1.AdmissionResponse) error {
	patched, err := reviews.Apply(p.object, answer)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, p.title)
	fmt.Fprintf(w, "  %s", answer.AuditAnnotations["reason"])
	if p.detail != "" {
		fmt.Fprintf(w, ": %s", p.detail)
	}
	fmt.Fprintln(w)
	reviews.PrintChanges(w, p.object.Annotations, patched.Annotations)
	for _, v := range p.verdicts {
		if v.Matched && len(answer.Patch) > 0 {
			fmt.Fprintf(w, "  why: rule %s matches: %s\n", v.Rule, v.Detail)
		}
	}
	for _, warning := range answer.Warnings {
		fmt.Fprintf(w, "  warning: %s\n", warning)
	}
	return nil
}
