package manifest

import "encoding/json"

// Objects returns the documents of a manifest as JSON, as kubectl would send
// them (YAML 1.1 scalars, like sigs.k8s.io/yaml): one entry for each document,
// so that Template.Document is an index into it. An empty document is "null".
func Objects(data []byte) ([]json.RawMessage, error) { panic("skeleton") }
