package proxyconfig

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"sigs.k8s.io/yaml"
)

// metadataSpellings are the names of proxyMetadata; fieldSpellings says which
// counts.
var metadataSpellings = [2]string{"proxyMetadata", "proxy_metadata"}

// Config is the text of a ProxyConfigAnnotation, understood as Istio's
// injector understands it and kept as its author wrote it. It is not for
// concurrent use.
type Config struct {
	text string
	view view
	// keys is what MetadataKeys found; nil until it is asked.
	keys []string
	// document is the text's nodes; nil until something asks.
	document *yamltext.Document
}

// nodes returns the text's document, which costs as much as decoding it.
func (c *Config) nodes() (*yamltext.Document, error) {
	if c.document == nil {
		d, problem := yamltext.First(c.text)
		if problem != nil {
			return nil, notEditable(problem)
		}
		c.document = d
	}
	return c.document, nil
}

// view is what Istio's decoder sees in a text.
type view struct {
	// fields is the JSON of every top-level field, known and unknown.
	fields map[string]json.RawMessage
	// metadataField is the spelling that counts; the first one if none is there.
	metadataField string
	// metadata is the decoded proxyMetadata. Null values are empty strings.
	metadata map[string]string
	known    [fieldCount]fieldView
}

// Parse reads an annotation's value; an empty text is an empty configuration.
// It returns an error exactly when Istio's injector would reject the pod for
// it: broken YAML, a wrong type of a known field (proxyMetadata values must be
// strings), a value that Istio's validation refuses, or one that breaks the
// injection template. The error names line and field and says how to write it.
// Unknown fields are no error, nor are further YAML documents, which Istio does
// not read.
//
// What Istio says to a text that means far more than it holds is not found
// out: the error is ErrTooMuch.
func Parse(text string) (*Config, error) {
	c := &Config{text: text, view: emptyView}
	if text == "" {
		return c, nil
	}
	if err := c.measure(); err != nil {
		return nil, err
	}
	var err error
	if c.view, err = decodeView(text); err != nil {
		return nil, err
	}
	if err := c.view.check(text); err != nil {
		return nil, err
	}
	return c, nil
}

var emptyView = func() view {
	v := view{metadataField: metadataSpellings[0]}
	for _, f := range Fields() {
		v.known[f].name = fieldSpellings[f][0]
	}
	return v
}()

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
	if raw, ok := v.fields[v.metadataField]; ok {
		if err := json.Unmarshal(raw, &v.metadata); err != nil {
			return view{}, v.metadataError(text, raw)
		}
	}
	for _, f := range Fields() {
		if err := v.decodeField(text, f); err != nil {
			return view{}, err
		}
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
	if c.keys == nil && len(c.view.metadata) != 0 {
		c.keys = c.orderedKeys()
	}
	return slices.Clone(c.keys)
}

func (c *Config) orderedKeys() []string {
	keys := make([]string, 0, len(c.view.metadata))
	rest := maps.Clone(c.view.metadata)
	if d, err := c.nodes(); err == nil {
		for key := range yamltext.All(yamltext.Direct(d.Root, c.view.metadataField)) {
			if _, ok := rest[key]; ok {
				keys = append(keys, key)
				delete(rest, key)
			}
		}
	}
	return append(keys, slices.Sorted(maps.Keys(rest))...)
}

// Field returns the value of a field, in whichever spelling it stands there; ok
// reports whether it does, and is not null.
func (c *Config) Field(f Field) (value string, ok bool) {
	return c.view.known[f].value, c.view.known[f].given
}
