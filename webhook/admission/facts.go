package admission

import (
	"cmp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/holdfast-mesh/holdfast/rules"
)

// podObject is the part of a Pod that decides.
// Source: https://pkg.go.dev/k8s.io/api/core/v1#Pod
type podObject struct {
	Metadata *podMetadata `json:"metadata"`
	Spec     struct {
		HostNetwork    bool              `json:"hostNetwork"`
		InitContainers []rules.Container `json:"initContainers"`
		Containers     []rules.Container `json:"containers"`
		GracePeriod    *int64            `json:"terminationGracePeriodSeconds"`
		Volumes        []rules.Volume    `json:"volumes"`
	} `json:"spec"`

	size int // of the JSON, in bytes
}

// UnmarshalJSONFrom decodes a pod and notes how long its text is.
func (p *podObject) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain podObject // without this method
	start := d.InputOffset()
	if err := json.UnmarshalDecode(d, (*plain)(p)); err != nil {
		return err
	}
	p.size = int(d.InputOffset() - start)
	return nil
}

type podMetadata struct {
	Name         string            `json:"name"`
	GenerateName string            `json:"generateName"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"` // nil: missing or null
}

// meta returns the pod's metadata, empty where there is none.
func (p *podObject) meta() (m podMetadata) {
	if p != nil && p.Metadata != nil {
		m = *p.Metadata
	}
	return m
}

// facts is what package rules wants to know of the pod. Maps and slices are
// shared.
func (p *podObject) facts(namespace rules.Namespace, mesh *rules.MeshDefaults) *rules.Pod {
	meta := p.meta()
	return &rules.Pod{
		Namespace:   namespace,
		Name:        cmp.Or(meta.Name, meta.GenerateName),
		Labels:      meta.Labels,
		Annotations: meta.Annotations,
		HostNetwork: p.Spec.HostNetwork,
		Containers:  slices.Concat(p.Spec.InitContainers, p.Spec.Containers),
		GracePeriod: p.Spec.GracePeriod,
		Volumes:     p.Spec.Volumes,
		Size:        p.size,
		Mesh:        mesh,
	}
}
