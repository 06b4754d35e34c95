package decide

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/holdfast-mesh/holdfast/internal/digest"
	"github.com/holdfast-mesh/holdfast/rules"
)

// hashOf is over every field of the file's types, so that none is forgotten;
// those that decide nothing have the tag `json:"-"`.
func hashOf(f *rules.File) string {
	text, err := json.Marshal(f, json.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsonv1.FormatDurationAsNano(true))
	if err != nil {
		panic("rules.File has a field that is no JSON: " + err.Error())
	}
	return digest.Hex(text)
}
