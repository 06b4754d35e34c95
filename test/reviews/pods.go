// Package reviews asks a webhook about pods the way an API server does.
package reviews

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/manifest"
)

// Pods returns the pods that the manifests in a text would lead to, in the
// order of manifest.File.Templates.
func Pods(name string, data []byte) ([]*corev1.Pod, error) {
	file, err := manifest.Parse(name, data)
	if err != nil {
		return nil, err
	}
	documents, err := manifest.Objects("manifest", data)
	if err != nil {
		return nil, err
	}
	var pods []*corev1.Pod
	for _, template := range file.Templates() {
		pod := &corev1.Pod{}
		if err := json.Unmarshal(at(documents[template.Document], template.Pointer), pod); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, template.Line, err)
		}
		pod.APIVersion, pod.Kind = "v1", "Pod"
		if pod.Namespace = template.Namespace; pod.Namespace == "" {
			pod.Namespace = "default"
		}
		if pod.Name == "" && pod.GenerateName == "" {
			pod.GenerateName = template.Name + "-"
		}
		pods = append(pods, pod)
	}
	return pods, nil
}

// at returns the part of a document that a JSON pointer names, or nil.
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
