package proxyconfig

import (
	"encoding/json"
	"slices"

	"sigs.k8s.io/yaml"
)

// Fields of a ProxyConfig that holdfast reads and writes. Istio reads either
// spelling and, where both stand, the first one, even if it is null.
// Source: https://github.com/golang/protobuf/blob/v1.5.4/jsonpb/decode.go
var (
	metadataSpellings = [2]string{"proxyMetadata", "proxy_metadata"}
	drainSpellings    = [2]string{"drainDuration", "drain_duration"}
)

// ProxyConfig is the text of a ProxyConfigAnnotation, understood as Istio's
// injector understands it and kept as its author wrote it. It is not for
// concurrent use.
type Config struct {
	text string
	view view
	// keys is what MetadataKeys found; nil until it is asked.
	keys []string
	// layout is where things stand in text; nil until something asks.
	layout *layout
}

// place returns the layout of the text, which costs as much as decoding it.
func (c *Config) place() (*layout, error) {
	if c.layout == nil {
		l, err := newLayout(c.text)
		if err != nil {
			return nil, err
		}
		c.layout = l
	}
	return c.layout, nil
}

// view is what Istio's decoder sees in a text.
type view struct {
	// fields is the JSON of every top-level field, known and unknown.
	fields map[string]json.RawMessage
	// metadataField is the spelling that counts; the first one if none is there.
	metadataField string
	// metadata is the decoded proxyMetadata. Null values are empty strings.
	metadata map[string]string
	// drainField is to drainDuration what metadataField is to proxyMetadata.
	drainField    string
	drainDuration string
	hasDrain      bool
}

// Parse reads an annotation's value; an empty text is an empty
// configuration. It returns an error exactly when Istio's injector would
// reject the pod for it: broken YAML, a wrong type of a known field
// (proxyMetadata values must be strings), a value that Istio's validation
// refuses, or one that breaks the injection template. The error names line and
// field and says how to write it. Unknown fields are no error, nor are further
// YAML documents, which Istio does not read.
func Parse(text string) (*Config, error) {
	if text == "" {
		return &Config{view: emptyView}, nil
	}
	decoded, err := decodeView(text)
	if err != nil {
		return nil, err
	}
	if err := decoded.check(text); err != nil {
		return nil, err
	}
	return &Config{text: text, view: decoded}, nil
}

var emptyView = view{metadataField: metadataSpellings[0], drainField: drainSpellings[0]}

// decodeView decodes a text as Istio does, by way of JSON, and sorts out its
// spellings. It does not ask whether Istio accepts it.
// Source: ApplyYAML in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/util/protomarshal/protomarshal.go
func decodeView(text string) (view, error) {
	js, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return view{}, yamlError(text, err)
	}
	v := emptyView
	if string(js) == "null" {
		return v, nil
	}
	if js[0] != '{' {
		return view{}, notAMapping(text, js)
	}
	if err := json.Unmarshal(js, &v.fields); err != nil {
		return view{}, err
	}
	v.metadataField = spelling(v.fields, metadataSpellings)
	v.drainField = spelling(v.fields, drainSpellings)
	if raw, ok := v.fields[v.metadataField]; ok {
		if err := json.Unmarshal(raw, &v.metadata); err != nil {
			return view{}, v.metadataError(text, raw)
		}
	}
	if raw, ok := v.fields[v.drainField]; ok && string(raw) != "null" {
		if err := json.Unmarshal(raw, &v.drainDuration); err != nil {
			return view{}, drainError(text, v.drainField, raw)
		}
		v.hasDrain = true
	}
	return v, nil
}

func spelling(fields map[string]json.RawMessage, spellings [2]string) string {
	if _, ok := fields[spellings[0]]; !ok {
		if _, ok := fields[spellings[1]]; ok {
			return spellings[1]
		}
	}
	return spellings[0]
}

// Metadata returns the value that Istio would use for a key of proxyMetadata.
// If both proxyMetadata and proxy_metadata are there, the camelCase one wins.
func (c *Config) Metadata(key string) (value string, ok bool) {
	value, ok = c.view.metadata[key]
	return value, ok
}

// MetadataKeys returns the keys that Istio would use, in text order; those
// that a merge key brings in come last.
func (c *Config) MetadataKeys() []string {
	if c.keys == nil && len(c.view.metadata) > 0 {
		c.keys = c.orderedKeys()
	}
	return slices.Clone(c.keys)
}

func (c *Config) orderedKeys() []string {
	keys := make([]string, 0, len(c.view.metadata))
	add := func(key string) {
		if _, ok := c.view.metadata[key]; ok && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if l, err := c.place(); err == nil {
		for _, entry := range l.entries(l.find(c.view.metadataField)) {
			add(entry.key.Value)
		}
	}
	var rest []string
	for key := range c.view.metadata {
		if !slices.Contains(keys, key) {
			rest = append(rest, key)
		}
	}
	slices.Sort(rest)
	return append(keys, rest...)
}

// DrainDuration returns the text of drainDuration (or drain_duration), if set.
func (c *Config) DrainDuration() (value string, ok bool) {
	return c.view.drainDuration, c.view.hasDrain
}
