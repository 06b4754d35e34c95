package admission

import (
	"cmp"
	"slices"

	"github.com/holdfast-mesh/holdfast/rules"
)

// podObject is the part of a Pod that decides.
// Source: https://pkg.go.dev/k8s.io/api/core/v1#Pod
type podObject struct {
	Metadata *podMetadata
	Spec     struct {
		HostNetwork    bool
		InitContainers []rules.Container
		Containers     []rules.Container
		GracePeriod    *int64
		Volumes        []rules.Volume
	}

	size int // of the JSON, in bytes
}

// readFrom reads a pod and notes how long its text is.
func (p *podObject) readFrom(r *objectReader) error {
	start := r.InputOffset()
	err := r.members(func(name string) error {
		switch name {
		case "metadata":
			return readPointer(r, &p.Metadata, func() error { return p.Metadata.readFrom(r) })
		case "spec":
			return p.readSpec(r)
		}
		return r.skip()
	})
	p.size = int(r.InputOffset() - start)
	return err
}

func (p *podObject) readSpec(r *objectReader) error {
	s := &p.Spec
	container := func(c *rules.Container) error { return readContainer(r, c) }
	return r.members(func(name string) error {
		switch name {
		case "hostNetwork":
			return r.bool(&s.HostNetwork)
		case "initContainers":
			return listOf(r, &s.InitContainers, container)
		case "containers":
			return listOf(r, &s.Containers, container)
		case "terminationGracePeriodSeconds":
			return r.other(&s.GracePeriod)
		case "volumes":
			return listOf(r, &s.Volumes, func(v *rules.Volume) error { return readVolume(r, v) })
		}
		return r.skip()
	})
}

// What rules know of containers and volumes has names for package json. Here it is read
// without that, as far as it is in nearly every pod.

func readContainer(r *objectReader, c *rules.Container) error {
	return r.members(func(name string) error {
		switch name {
		case "name":
			return r.string(&c.Name)
		case "command":
			return r.strings(&c.Command)
		case "args":
			return r.strings(&c.Args)
		case "envFrom":
			return r.other(&c.EnvFrom)
		case "env":
			return listOf(r, &c.Env, func(e *rules.EnvVar) error { return readVariable(r, e) })
		case "volumeMounts":
			return listOf(r, &c.VolumeMounts, func(m *rules.VolumeMount) error { return readMount(r, m) })
		}
		return r.skip()
	})
}

func readVariable(r *objectReader, e *rules.EnvVar) error {
	return r.members(func(name string) error {
		switch name {
		case "name":
			return r.string(&e.Name)
		case "value":
			return r.string(&e.Value)
		case "valueFrom":
			return r.other(&e.ValueFrom)
		}
		return r.skip()
	})
}

func readMount(r *objectReader, m *rules.VolumeMount) error {
	return r.members(func(name string) error {
		switch name {
		case "name":
			return r.string(&m.Name)
		case "subPath":
			return r.string(&m.SubPath)
		}
		return r.skip()
	})
}

func readVolume(r *objectReader, v *rules.Volume) error {
	return r.members(func(name string) error {
		switch name {
		case "name":
			return r.string(&v.Name)
		case "configMap":
			return r.other(&v.ConfigMap)
		case "projected":
			return r.other(&v.Projected)
		}
		return r.skip()
	})
}

type podMetadata struct {
	Name         string
	GenerateName string
	Labels       map[string]string
	Annotations  map[string]string // nil: missing or null
}

func (m *podMetadata) readFrom(r *objectReader) error {
	return r.members(func(name string) error {
		switch name {
		case "name":
			return r.string(&m.Name)
		case "generateName":
			return r.string(&m.GenerateName)
		case "labels":
			return r.stringMap(&m.Labels)
		case "annotations":
			return r.stringMap(&m.Annotations)
		}
		return r.skip()
	})
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
