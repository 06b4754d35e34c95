package admission

import (
	"cmp"
	"slices"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// podObject is the part of a Pod that decides. What is added here has to be added to
// scanPod, and what rules know of containers and volumes to scanContainer and
// scanVolume; FuzzScanReview holds that.
// Source: https://pkg.go.dev/k8s.io/api/core/v1#Pod
type podObject struct {
	Metadata *podMetadata `json:"metadata"`
	Spec     podSpec      `json:"spec"`
}

type podMetadata struct {
	Name         string            `json:"name"`
	GenerateName string            `json:"generateName"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"` // nil: missing or null
}

type podSpec struct {
	HostNetwork    bool              `json:"hostNetwork"`
	InitContainers []rules.Container `json:"initContainers"`
	Containers     []rules.Container `json:"containers"`
	GracePeriod    *int64            `json:"terminationGracePeriodSeconds"`
	Volumes        []rules.Volume    `json:"volumes"`
}

// meta returns the pod's metadata, empty where there is none.
func (p *podObject) meta() (m podMetadata) {
	if p != nil && p.Metadata != nil {
		m = *p.Metadata
	}
	return m
}

// facts is what package rules wants to know of a review's pod. Maps and slices are
// shared.
func (h *PodHandler) facts(r *request[podObject]) *rules.Pod {
	meta, spec := r.Object.meta(), &r.Object.Spec
	namespace := h.Cluster.Namespace(r.Namespace)
	return &rules.Pod{
		Namespace:   namespace,
		Name:        cmp.Or(meta.Name, meta.GenerateName),
		Labels:      meta.Labels,
		Annotations: meta.Annotations,
		HostNetwork: spec.HostNetwork,
		Containers:  slices.Concat(spec.InitContainers, spec.Containers),
		Lot:         h.Lot(),
		GracePeriod: spec.GracePeriod,
		Volumes:     spec.Volumes,
		ConfigMaps:  h.Cluster.ConfigMaps(r.Namespace),
		Size:        r.size,
		Mesh:        h.Cluster.Mesh(istio.Revision(namespace.Labels, meta.Labels)),
	}
}
