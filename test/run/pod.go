package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/reviews"
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
	objects, err := reviews.Pods(path, data)
	if err != nil {
		return nil, err
	}
	explain := exec.CommandContext(ctx, program, "explain", "-f", rulesFile, "-o", "json", path)
	explain.Stderr = os.Stderr
	explained, err := explain.Output()
	if err != nil {
		return nil, fmt.Errorf("holdfast explain %s: %w", path, err)
	}
	var explanations []struct {
		Kind, Namespace, Name string
		Rules                 []rules.Verdict
	}
	if err := json.Unmarshal(explained, &explanations); err != nil {
		return nil, err
	}
	pods := make([]pod, len(objects))
	for i, object := range objects {
		e := explanations[i]
		pods[i] = pod{title: fmt.Sprintf("%s: %s %s/%s", path, e.Kind, e.Namespace, e.Name), object: object, verdicts: e.Rules}
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
	if detail := answer.AuditAnnotations["detail"]; detail != "" {
		fmt.Fprintf(w, ": %s", detail)
	}
	fmt.Fprintln(w)
	printChanges(w, p.object.Annotations, patched.Annotations)
	for _, v := range p.verdicts {
		if v.Matched && len(answer.Patch) > 0 {
			fmt.Fprintf(w, "  why: rule %s matches: %s\n", v.Rule, v.Detail)
			for _, e := range v.Evidence {
				fmt.Fprintf(w, "       %s uses %s\n", e.Where, e.Address)
			}
		}
	}
	for _, warning := range answer.Warnings {
		fmt.Fprintf(w, "  warning: %s\n", warning)
	}
	return nil
}

// printChanges shows the annotations that differ.
func printChanges(w io.Writer, before, after map[string]string) {
	keys := map[string]bool{}
	for _, annotations := range []map[string]string{before, after} {
		for key := range annotations {
			keys[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		old, had := before[key]
		value, has := after[key]
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
