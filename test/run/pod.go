package main

import (
	"fmt"
	"io"
	"os"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// pod is one pod to send, and where it comes from.
type pod struct {
	title  string
	object *corev1.Pod
}

// readPods makes the pods that the manifests of a file would lead to.
func readPods(path string) ([]pod, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := manifest.Parse(path, data)
	if err != nil {
		return nil, err
	}
	objects, err := reviews.Pods(path, data)
	if err != nil {
		return nil, err
	}
	var pods []pod
	for i, template := range file.Templates() {
		title := fmt.Sprintf("%s: %s %s/%s", path, template.Kind, objects[i].Namespace, template.Name)
		pods = append(pods, pod{title, objects[i]})
	}
	return pods, nil
}

// print shows what the answer changes in the pod, and why.
func (p *pod) print(w io.Writer, answer *admissionv1.AdmissionResponse, why decision) error {
	patched, err := reviews.Apply(p.object, answer)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, p.title)
	fmt.Fprintf(w, "  %s", answer.AuditAnnotations["reason"])
	if why.detail != "" {
		fmt.Fprintf(w, ": %s", why.detail)
	}
	fmt.Fprintln(w)
	reviews.PrintChanges(w, p.object.Annotations, patched.Annotations)
	for _, v := range why.verdicts {
		if v.Matched && len(answer.Patch) > 0 {
			fmt.Fprintf(w, "  why: rule %s matches: %s\n", v.Rule, v.Detail)
		}
	}
	for _, warning := range answer.Warnings {
		fmt.Fprintf(w, "  warning: %s\n", warning)
	}
	return nil
}
