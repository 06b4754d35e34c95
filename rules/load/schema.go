package load

import (
	_ "embed"
	"slices"
)

//go:generate go run ./internal/genschema internal/wire schema.json

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of a rules file, for editors.
// What it accepts the loader accepts too, but for what a schema cannot say:
// names that stand twice, the limits of durations, how wide a network is.
func Schema() []byte { return slices.Clone(schema) }
