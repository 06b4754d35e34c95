package rules

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema of a rules file.
func Schema() []byte { return schema }
