package manifest

import (
	yaml "go.yaml.in/yaml/v4"
)

// isUnrendered says whether a mapping is "{{ ... }}" of a template that nobody
// rendered. YAML reads that as a mapping whose key is a mapping, so it would
// take more keys, and the template would be broken.
func isUnrendered(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.MappingNode {
			return true
		}
	}
	return false
}
