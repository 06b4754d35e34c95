package manifest

import (
	"encoding/json"

	"sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// Objects returns the documents of a manifest as JSON, as kubectl would send
// them (YAML 1.1 scalars, like sigs.k8s.io/yaml): one entry for each document,
// so that Template.Document is an index into it. An empty document is "null".
// name stands in errors.
func Objects(name string, data []byte) ([]json.RawMessage, error) {
	f, err := readDocuments(name, data)
	if err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, 0, len(f.documents))
	for i, d := range f.documents {
		if d.JSON {
			out = append(out, json.RawMessage(d.Text))
			continue
		}
		object, err := yaml.YAMLToJSON([]byte(yamltext.Readable(d.Text)))
		if err != nil {
			return nil, f.error(d.Errorf(nil, "document %d has no form in JSON: %v", i+1, err))
		}
		out = append(out, object)
	}
	return out, nil
}
