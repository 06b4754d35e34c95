package proxyconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"go.yaml.in/yaml/v4"
	mesh "istio.io/api/mesh/v1alpha1"
)

// yamlError is what the YAML decoder said, with a hint for the usual causes.
func yamlError(text string, err error) error {
	said := strings.TrimPrefix(err.Error(), "yaml: ")
	switch {
	case strings.Contains(text, "\t") && strings.Contains(said, "cannot start any token"):
		return fmt.Errorf("%s: indent with spaces, not with tabs", said)
	case strings.Contains(said, "mapping values are not allowed"):
		return fmt.Errorf("%s: check the indentation, and quote values that contain \": \"", said)
	}
	return errors.New(said)
}

// notAMapping is the error for a text that is a list or a scalar.
func notAMapping(text string, js []byte) error {
	hint := ""
	if line, _, _ := strings.Cut(text, "\n"); js[0] == '"' && strings.Contains(line, ":") {
		hint = ": write a space after the colon"
	}
	return fmt.Errorf("line 1: got %s, want fields like \"drainDuration: 45s\"%s", kindOf(js), hint)
}

// kindOf names a JSON value for people.
func kindOf(raw json.RawMessage) string {
	shown := clip.Text(string(raw), 43)
	switch raw[0] {
	case '{':
		return "a mapping"
	case '[':
		return "a list"
	case '"':
		return "the text " + shown
	case 'n':
		return "nothing"
	case 't', 'f':
		return "the boolean " + shown
	}
	return "the number " + shown
}

// metadataError finds what is wrong with a proxyMetadata that does not decode
// into texts.
func (v *view) metadataError(text string, raw json.RawMessage) error {
	var entries map[string]json.RawMessage
	if json.Unmarshal(raw, &entries) != nil {
		return fieldError(text, v.metadataField, fmt.Errorf("got %s, want a mapping of names to texts", kindOf(raw)))
	}
	keys := make([]string, 0, len(entries))
	for key, raw := range entries {
		if raw[0] != '"' && raw[0] != 'n' {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	raw = entries[keys[0]]
	err := fmt.Errorf("got %s, want a text", kindOf(raw))
	if raw[0] != '{' && raw[0] != '[' {
		err = fmt.Errorf("got %s, want a text: write it in quotes, \"%s\"", kindOf(raw), raw)
	}
	return entryError(text, v.metadataField, keys[0], err)
}

func drainError(text, field string, raw json.RawMessage) error {
	if _, err := strconv.Atoi(string(raw)); err == nil {
		return fieldError(text, field, fmt.Errorf("got the number %s, want \"%ss\"", raw, raw))
	}
	return fieldError(text, field, fmt.Errorf("got %s, want a duration like \"45s\"", kindOf(raw)))
}

// decodeError finds the field that Istio's decoder does not take.
func (v *view) decodeError(text string, err error) error {
	names := make([]string, 0, len(v.fields))
	for name := range v.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		raw := v.fields[name]
		if err := decodeFields(map[string]json.RawMessage{name: raw}, &mesh.ProxyConfig{}); err != nil {
			said := strings.TrimPrefix(err.Error(), "json: ")
			return fieldError(text, name, fmt.Errorf("got %s: %s", kindOf(raw), said))
		}
	}
	return err
}

// fieldError places an error at a top-level field, in whichever spelling it
// stands there.
func fieldError(text, field string, err error) error {
	return placed(text, field, err, func(root *yaml.Node) *yaml.Node {
		if key := keyOf(root, field); key != nil {
			return key
		}
		return keyOf(root, upperLetter.ReplaceAllStringFunc(field, func(letter string) string {
			return "_" + strings.ToLower(letter)
		}))
	})
}

var upperLetter = regexp.MustCompile("[A-Z]")

// entryError places an error at a key of proxyMetadata.
func entryError(text, field, key string, err error) error {
	return placed(text, field+"."+key, err, func(root *yaml.Node) *yaml.Node {
		if metadata := yamltext.Direct(root, field); metadata != nil && metadata.Kind == yaml.MappingNode {
			return keyOf(metadata, key)
		}
		return nil
	})
}

func keyOf(n *yaml.Node, key string) *yaml.Node {
	if i := yamltext.Index(n, key); i >= 0 {
		return n.Content[i]
	}
	return nil
}

func placed(text, path string, err error, find func(root *yaml.Node) *yaml.Node) error {
	if d, problem := yamltext.First(text); problem == nil {
		if key := find(d.Root); key != nil {
			line, _ := d.Position(key)
			return fmt.Errorf("line %d: %s: %w", line, path, err)
		}
	}
	return fmt.Errorf("%s: %w", path, err)
}
