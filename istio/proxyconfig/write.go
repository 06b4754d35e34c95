package proxyconfig

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// errNotEditable says that a text is valid but written in a way that cannot be
// edited in place.
var errNotEditable = errors.New("written in a way that holdfast cannot edit")

func notEditable(problem *yamltext.Error) error {
	return fmt.Errorf("%w: line %d: %s", errNotEditable, problem.Line, problem.Message)
}

// write says what to change in a text for a change of what it means.
func (v *view) write(e *yamltext.Edit, root *yaml.Node, d delta) {
	var fields []yamltext.Entry // of the root
	var remove []string
	for _, f := range Fields() {
		name := v.known[f].name
		value, set := d.fields[f]
		written, restored := d.fieldsWritten[f]
		if set || slices.Contains(d.removeFields, f) {
			e.Inline(yamltext.Direct(root, name))
		}
		switch {
		case set && f.isBoolean() && yamltext.Direct(root, name) != nil: // null
			e.Restore(root, name, value)
		case set && f.isBoolean():
			fields = append(fields, yamltext.Entry{Key: name, Plain: value})
		case set:
			fields = append(fields, yamltext.Entry{Key: name, Text: value})
		case restored:
			e.Restore(root, name, written)
		case slices.Contains(d.removeFields, f):
			remove = append(remove, name)
		}
	}
	switch {
	case d.removeMetadata && yamltext.Direct(root, v.metadataField) != nil:
		e.Inline(yamltext.Direct(root, v.metadataField))
		remove = append(remove, v.metadataField)
	case d.ofMetadata():
		if metadata := yamltext.Direct(root, v.metadataField); metadata != nil {
			v.writeMetadata(e, root, metadata, d)
		} else {
			// A merge may have brought it in: then it is written out whole, and
			// hides the merged one.
			fields = append(fields, yamltext.Entry{Key: v.metadataField, Entries: texts(d.result)})
		}
	}
	switch {
	case root == nil || root.Kind != yaml.MappingNode || len(root.Content) == 0:
		e.FillRoot(fields)
	case len(fields)+len(remove) > 0:
		e.Set(root, fields, remove)
	}
}

// writeMetadata changes the keys of a proxyMetadata that stands in the text:
// a mapping, an alias of one, or nothing.
func (v *view) writeMetadata(e *yamltext.Edit, root, metadata *yaml.Node, d delta) {
	set, remove := d.set, d.remove
	values := maps.Collect(yamltext.All(metadata))
	isMerged := func(key string) bool { return values[key] == nil }
	e.Inline(metadata)
	switch isAlias := metadata.Kind == yaml.AliasNode; {
	case isAlias && len(remove) == 0:
		e.Fill(root, v.metadataField, append([]yamltext.Entry{{Merge: metadata.Value}}, texts(set)...))
		return
	case isAlias, len(metadata.Content) == 0:
		e.Fill(root, v.metadataField, texts(d.result))
		return
	case slices.ContainsFunc(remove, isMerged):
		// The merge goes, and what else it brings in is written out.
		remove = append([]string{yamltext.MergeKey}, remove...)
		set = maps.Clone(d.set)
		for key, value := range d.result {
			if isMerged(key) {
				set[key] = value
			}
		}
	}
	entries := texts(set)
	for _, entry := range entries {
		e.Inline(values[entry.Key])
	}
	for _, key := range remove {
		e.Inline(values[key])
	}
	for key, written := range d.written {
		e.Inline(values[key])
		e.Restore(metadata, key, written)
	}
	if len(entries)+len(remove) > 0 {
		e.Set(metadata, entries, remove)
	}
}

// texts returns keys with their values, sorted by key.
func texts(values map[string]string) []yamltext.Entry {
	entries := make([]yamltext.Entry, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		entries = append(entries, yamltext.Entry{Key: key, Text: values[key]})
	}
	return entries
}
