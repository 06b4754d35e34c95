package admission

import (
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

// annotations returns the pod's annotations, nil if it has no such map.
func (p *podObject) annotations() map[string]string {
	if p.Metadata == nil {
		return nil
	}
	return p.Metadata.Annotations
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
