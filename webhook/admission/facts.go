package admission

import (
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// podObject is the part of a Pod that decides.
// Source: https://pkg.go.dev/k8s.io/api/core/v1#Pod
type podObject struct {
	Metadata *podMetadata `json:"metadata"`
	Spec     struct {
		HostNetwork    bool        `json:"hostNetwork"`
		InitContainers []container `json:"initContainers"`
		Containers     []container `json:"containers"`
	} `json:"spec"`
}

type podMetadata struct {
	Name         string            `json:"name"`
	GenerateName string            `json:"generateName"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"` // nil: missing or null
}

type container struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
	Args    []string `json:"args"`
	Env     []envVar `json:"env"`
}

type envVar struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// labels returns the pod's labels, nil if it has none.
func (p *podObject) labels() map[string]string {
	if p.Metadata == nil {
		return nil
	}
	return p.Metadata.Labels
}

// facts is what package rules wants to know of the pod. The maps are shared.
func (p *podObject) facts(namespace rules.Namespace, mesh *rules.MeshDefaults) *rules.Pod {
	pod := &rules.Pod{
		Namespace:   namespace,
		HostNetwork: p.Spec.HostNetwork,
		Containers:  make([]rules.Container, 0, len(p.Spec.InitContainers)+len(p.Spec.Containers)),
		Mesh:        mesh,
	}
	if m := p.Metadata; m != nil {
		pod.Name, pod.Labels, pod.Annotations = m.Name, m.Labels, m.Annotations
		if pod.Name == "" {
			pod.Name = m.GenerateName
		}
	}
	for _, list := range [...][]container{p.Spec.InitContainers, p.Spec.Containers} {
		for _, c := range list {
			env := make([]rules.EnvVar, len(c.Env))
			for i, e := range c.Env {
				env[i] = rules.EnvVar{Name: e.Name, Value: e.Value}
			}
			pod.Containers = append(pod.Containers, rules.Container{Name: c.Name, Command: c.Command, Args: c.Args, Env: env})
		}
	}
	return pod
}

// revisionOf says which control plane injects a pod, as the selectors of
// Istio's webhook configurations do: the namespace's istio-injection label
// means the default one, then the namespace's istio.io/rev counts, then the
// pod's. The result may be a tag.
// Source: https://github.com/istio/istio/blob/1.31.0/manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml
func revisionOf(namespaceLabels, podLabels map[string]string) string {
	if _, ok := namespaceLabels[istio.InjectionLabel]; ok {
		return istio.DefaultRevision
	}
	if rev := namespaceLabels[istio.RevisionLabel]; rev != "" {
		return rev
	}
	if rev := podLabels[istio.RevisionLabel]; rev != "" {
		return rev
	}
	return istio.DefaultRevision
}
