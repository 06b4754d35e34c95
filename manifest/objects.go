package manifest

import (
	"encoding/json"
	"slices"

	"sigs.k8s.io/yaml"
)

// Objects returns the documents of a manifest as JSON, as kubectl would send
// them (YAML 1.1 scalars, like sigs.k8s.io/yaml): one entry for each document,
// so that Template.Document is an index into it. An empty document is "null".
func Objects(data []byte) ([]json.RawMessage, error) {
	f, err := readDocuments("manifest", data)
	if err != nil {
		return nil, err
	}
	out := make([]json.RawMessage, 0, len(f.documents))
	for i, d := range f.documents {
		text := data[d.start:d.end]
		if d.json {
			out = append(out, slices.Clone(text))
			continue
		}
		object, err := yaml.YAMLToJSON(readable(text))
		if err != nil {
			return nil, f.errorAt(d.start, "document %d has no form in JSON: %v", i+1, err)
		}
		out = append(out, object)
	}
	return out, nil
}
