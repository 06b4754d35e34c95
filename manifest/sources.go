package manifest

import (
	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules"
)

// items returns what is in the list under a key.
func items(n *yaml.Node, key string) []*yaml.Node {
	if n = yamltext.Get(n, key); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

func objectRef(n *yaml.Node, key string) rules.ObjectRef {
	n = yamltext.Get(n, key)
	return rules.ObjectRef{Name: text(yamltext.Get(n, "name")), Optional: isTrue(yamltext.Get(n, "optional"))}
}

// valueFrom returns where a variable's value comes from, or nil.
func valueFrom(env *yaml.Node) *rules.ValueFrom {
	from := yamltext.Get(env, "valueFrom")
	if from == nil || from.Kind != yaml.MappingNode {
		return nil
	}
	return &rules.ValueFrom{ConfigMapKeyRef: keyRef(from, "configMapKeyRef"), SecretKeyRef: keyRef(from, "secretKeyRef")}
}

func keyRef(n *yaml.Node, key string) rules.KeyRef {
	object := objectRef(n, key)
	return rules.KeyRef{Name: object.Name, Key: text(yamltext.Get(yamltext.Get(n, key), "key")), Optional: object.Optional}
}

// volumes returns those volumes of a pod that show ConfigMaps.
func volumes(spec *yaml.Node) (list []rules.Volume) {
	for _, n := range items(spec, "volumes") {
		v := rules.Volume{Name: text(yamltext.Get(n, "name")), ConfigMap: configMapVolume(n)}
		if projected := yamltext.Get(n, "projected"); projected != nil {
			v.Projected = &rules.Projected{}
			for _, source := range items(projected, "sources") {
				v.Projected.Sources = append(v.Projected.Sources, rules.ProjectedSource{ConfigMap: configMapVolume(source)})
			}
		}
		if v.ConfigMap != nil || v.Projected != nil {
			list = append(list, v)
		}
	}
	return list
}

func configMapVolume(n *yaml.Node) *rules.ConfigMapVolume {
	object := objectRef(n, "configMap")
	if object.Name == "" {
		return nil
	}
	v := &rules.ConfigMapVolume{Name: object.Name, Optional: object.Optional}
	for _, item := range items(yamltext.Get(n, "configMap"), "items") {
		v.Items = append(v.Items, rules.KeyToPath{Key: text(yamltext.Get(item, "key")), Path: text(yamltext.Get(item, "path"))})
	}
	return v
}
