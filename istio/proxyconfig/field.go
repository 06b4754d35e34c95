package proxyconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Field is a field of a ProxyConfig, beside proxyMetadata, that holdfast reads and
// writes.
type Field int

const (
	// DrainDuration is how long open connections outlive a change of the mesh's
	// configuration: "43200s".
	DrainDuration Field = iota
	// HoldApplication is holdApplicationUntilProxyStarts: "true" or "false".
	HoldApplication
	fieldCount
)

// fieldSpellings are the names of each Field. Istio reads either spelling and,
// where both stand, the first one, even if it is null.
// Source: https://github.com/golang/protobuf/blob/v1.5.4/jsonpb/decode.go
var fieldSpellings = [fieldCount][2]string{
	DrainDuration:   {"drainDuration", "drain_duration"},
	HoldApplication: {"holdApplicationUntilProxyStarts", "hold_application_until_proxy_starts"},
}

// Fields returns all Fields.
func Fields() []Field { return []Field{DrainDuration, HoldApplication} }

// String is the field's name as Istio's reference has it.
func (f Field) String() string { return fieldSpellings[f][0] }

// isBoolean reports whether the field is a boolean of YAML, and no text.
func (f Field) isBoolean() bool { return f == HoldApplication }

// fieldView is what Istio's decoder sees of a Field.
type fieldView struct {
	name  string // the spelling that counts; the first one if none is there
	value string
	given bool // it stands there, and is not null
}

// decodeField decodes a Field.
func (v *view) decodeField(text string, f Field) error {
	seen := &v.known[f]
	seen.name = spelling(v.fields, fieldSpellings[f])
	raw, ok := v.fields[seen.name]
	if !ok || string(raw) == "null" {
		return nil
	}
	seen.given = true
	if f.isBoolean() {
		var value bool
		if json.Unmarshal(raw, &value) != nil {
			return fieldError(text, seen.name, fmt.Errorf("got %s, want true or false, without quotes", kindOf(raw)))
		}
		seen.value = strconv.FormatBool(value)
		return nil
	}
	if json.Unmarshal(raw, &seen.value) != nil {
		return drainError(text, seen.name, raw)
	}
	return nil
}

// check refuses a text that Istio would not take for the field.
func (f Field) check(value string) error {
	if !f.isBoolean() {
		return checkDrainDuration(value)
	}
	if value != "true" && value != "false" {
		return errors.New("got " + strconv.Quote(value) + ", want true or false")
	}
	return nil
}
