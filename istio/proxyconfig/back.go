package proxyconfig

import (
	"bytes"
	"encoding/json"
	"maps"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// Back takes an Edit back.
type Back struct {
	Remove   []string // keys of proxyMetadata that the edit added
	Fields   []Field  // to remove, which the edit added
	Metadata bool     // remove proxyMetadata, which the edit added, if no key is left in it
	// Was are keys of proxyMetadata whose values the edit replaced or removed,
	// with what Written returned before. One in Remove too is restored.
	Was map[string]string
	// FieldsWere is what WrittenField returned of Fields that said nothing.
	FieldsWere map[Field]string
}

// TakeBack takes an edit back: what Edit made of a text becomes that text
// again, byte for byte, if proxyMetadata and all around it
// were written without anchors and merges, and no key was removed; else one that
// means the same. What has been changed since stays, and so does what is not
// there any more. The result is verified as that of Edit.
func (c *Config) TakeBack(back Back) (*Config, error) {
	diff := delta{set: map[string]string{}, written: map[string]string{}, result: map[string]string{}, fieldsWritten: map[Field]string{}}
	maps.Copy(diff.result, c.view.metadata)
	direct := maps.Collect(yamltext.All(c.metadataNode()))
	added := map[string]string{}
	for key, written := range back.Was {
		switch old, there := c.view.metadata[key]; {
		case there && direct[key] != nil:
			diff.written[key] = written
		default:
			if value, err := stringOf(written); err == nil && (!there || old != value) {
				diff.set[key], diff.result[key], added[key] = value, value, written
			}
		}
	}
	for _, key := range back.Remove {
		if _, restored := back.Was[key]; restored {
			continue
		}
		if _, there := c.view.metadata[key]; there {
			diff.remove = append(diff.remove, key)
			delete(diff.result, key)
		}
	}
	_, hasField := c.view.fields[c.view.metadataField]
	diff.removeMetadata = back.Metadata && hasField && len(diff.result) == 0
	for _, f := range back.Fields {
		if written, said := back.FieldsWere[f]; said && c.view.known[f].given {
			diff.fieldsWritten[f] = written
		} else if c.view.known[f].given {
			diff.removeFields = append(diff.removeFields, f)
		}
	}
	// Two steps where one edit would change neighbours at once: a key behind
	// proxyMetadata goes; and keys that are there again get their own text.
	later := Back{Was: added}
	if diff.ofMetadata() && !diff.removeMetadata {
		diff.removeFields, later.Fields = nil, diff.removeFields
	}
	text, err := c.apply(diff)
	if err != nil {
		return nil, err
	}
	rest, err := Parse(text) // Istio may reject what somebody else says was there
	if err != nil || len(later.Was)+len(later.Fields) == 0 {
		return rest, err
	}
	return rest.TakeBack(later)
}

// Text returns the text that was parsed.
func (c *Config) Text() string { return c.text }

// Means reports whether another text has the same fields with the same values.
func (c *Config) Means(other *Config) bool {
	return maps.EqualFunc(c.view.fields, other.view.fields, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) })
}

// IsEmpty reports whether Istio sees no field in the text.
func (c *Config) IsEmpty() bool { return len(c.view.fields) == 0 }

// HasMetadata reports whether there is a proxyMetadata, be it empty.
func (c *Config) HasMetadata() bool {
	_, ok := c.view.fields[c.view.metadataField]
	return ok
}

// Written returns the value of a key of proxyMetadata as its author wrote it,
// on one line, for Back; ok reports whether the key is there.
func (c *Config) Written(key string) (text string, ok bool) {
	value, ok := c.view.metadata[key]
	if !ok {
		return "", false
	}
	if m := c.metadataNode(); m != nil && yamltext.Direct(m, key) != nil {
		if text, ok := c.document.Written(m, key); ok {
			return text, true
		}
	}
	quoted, _ := json.Marshal(value) // strings can be encoded
	return string(quoted), true
}

// WrittenField returns the text of a field that is null, for Back; ok reports
// whether it is.
func (c *Config) WrittenField(f Field) (text string, ok bool) {
	seen := &c.view.known[f]
	if _, there := c.view.fields[seen.name]; !there || seen.given {
		return "", false
	}
	d, err := c.nodes()
	if err != nil || yamltext.Direct(d.Root, seen.name) == nil {
		return "", false
	}
	return d.Written(d.Root, seen.name)
}

// metadataNode returns proxyMetadata where it stands in the text as a mapping
// of its own; nil else.
func (c *Config) metadataNode() *yaml.Node {
	if !c.HasMetadata() {
		return nil
	}
	d, err := c.nodes()
	if err != nil {
		return nil
	}
	if m := yamltext.Direct(d.Root, c.view.metadataField); m != nil && m.Kind == yaml.MappingNode {
		return m
	}
	return nil
}

// stringOf decodes a scalar that Written returned.
func stringOf(written string) (value string, err error) {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(written), &node); err != nil {
		return "", err
	}
	err = node.Decode(&value)
	return value, err
}

// Same reports whether Istio accepts two texts, and reads the same in them.
func Same(a, b string) bool {
	if a == b {
		return true
	}
	one, err := Parse(a)
	if err != nil {
		return false
	}
	other, err := Parse(b)
	return err == nil && one.Means(other)
}
