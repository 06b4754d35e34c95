package manifest

import (
	"math"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// containerFacts remembers containers by their node: aliases may repeat one
// large container many times.
type containerFacts map[*yaml.Node]rules.Container

// pod returns the facts of the pod that a template makes. Numbers and booleans
// where Kubernetes wants strings are taken as they are written.
func (f *finder) pod(o outer, root *yaml.Node) rules.Pod {
	metadata, spec := yamltext.Get(root, "metadata"), yamltext.Get(root, "spec")
	pod := rules.Pod{
		Namespace:   rules.Namespace{Name: o.namespace},
		Name:        o.name,
		Labels:      texts(yamltext.Get(metadata, "labels")),
		Annotations: texts(yamltext.Get(metadata, "annotations")),
		HostNetwork: isTrue(yamltext.Get(spec, "hostNetwork")),
		GracePeriod: whole(yamltext.Get(spec, "terminationGracePeriodSeconds")),
		Admitted:    o.kind == "Pod" && admitted(root, metadata),
		Size:        min(yamltext.Unfolded(root, f.sizes), math.MaxInt32), // sums of it fit into an int
	}
	if o.kind != "Pod" && o.name != "" {
		pod.Name += "-" // controllers name pods by generateName
	}
	for _, list := range []string{"initContainers", "containers"} {
		containers := yamltext.Get(spec, list)
		if containers == nil || containers.Kind != yaml.SequenceNode {
			continue
		}
		for _, c := range containers.Content {
			pod.Containers = append(pod.Containers, f.container(yamltext.Resolve(c)))
		}
	}
	pod.Volumes = volumes(spec)
	return pod
}

// admitted reports whether a Pod was read from a cluster: it has an address, a
// node's word on it, or Istio's mark. A uid alone may stand in what a review or a
// dry run shows.
func admitted(root, metadata *yaml.Node) bool {
	status := yamltext.Get(root, "status")
	return yamltext.Get(status, "podIP") != nil || yamltext.Get(status, "hostIP") != nil || yamltext.Get(status, "startTime") != nil ||
		yamltext.Get(yamltext.Get(metadata, "annotations"), istio.StatusAnnotation) != nil
}

func (f *finder) container(n *yaml.Node) rules.Container {
	if c, ok := f.containers[n]; ok {
		return c
	}
	c := rules.Container{Name: text(yamltext.Get(n, "name")), Command: list(yamltext.Get(n, "command")), Args: list(yamltext.Get(n, "args"))}
	for _, e := range items(n, "envFrom") {
		c.EnvFrom = append(c.EnvFrom, rules.EnvFrom{
			Prefix: text(yamltext.Get(e, "prefix")), ConfigMapRef: objectRef(e, "configMapRef"), SecretRef: objectRef(e, "secretRef"),
		})
	}
	for _, e := range items(n, "env") {
		c.Env = append(c.Env, rules.EnvVar{Name: text(yamltext.Get(e, "name")), Value: text(yamltext.Get(e, "value")), ValueFrom: valueFrom(e)})
	}
	for _, m := range items(n, "volumeMounts") {
		c.VolumeMounts = append(c.VolumeMounts, rules.VolumeMount{Name: text(yamltext.Get(m, "name")), SubPath: text(yamltext.Get(m, "subPath"))})
	}
	f.containers[n] = c
	return c
}

// whole returns a whole number; nil for anything else.
func whole(n *yaml.Node) *int64 {
	number, err := strconv.ParseInt(text(n), 10, 64)
	if err != nil {
		return nil
	}
	return &number
}

func list(n *yaml.Node) []string {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		out = append(out, text(item))
	}
	return out
}

// texts returns a mapping of scalars, merge keys included.
func texts(n *yaml.Node) map[string]string {
	if n = yamltext.Resolve(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	out := map[string]string{}
	for _, m := range append([]*yaml.Node{n}, yamltext.Merged(n)...) {
		for i := len(m.Content) - 2; i >= 0; i -= 2 {
			key, value := yamltext.Resolve(m.Content[i]), yamltext.Resolve(m.Content[i+1])
			if key.Kind != yaml.ScalarNode || yamltext.IsMerge(key) || value.Kind != yaml.ScalarNode {
				continue
			}
			if _, ok := out[key.Value]; !ok {
				out[key.Value] = text(value)
			}
		}
	}
	return out
}
