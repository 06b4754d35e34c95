package proxyconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
)

// Edit is a change of a ProxyConfig.
type Edit struct {
	SetMetadata    map[string]string // keys of proxyMetadata to set
	RemoveMetadata []string          // keys of proxyMetadata to remove
	SetFields      map[Field]string  // to set; what is not in it stays
}

// delta is what an edit comes to for one text.
type delta struct {
	set    map[string]string // keys whose value differs or is missing
	remove []string          // keys that are there and shall not be
	fields map[Field]string  // whose value differs or is missing
	result map[string]string // all of proxyMetadata afterwards
	// What only Config.TakeBack does.
	written        map[string]string // keys that are there and get this text, as Written returned it
	fieldsWritten  map[Field]string  // the same for fields, as WrittenField returned it
	removeFields   []Field
	removeMetadata bool // proxyMetadata, as no key is left in it
}

// Edit returns the text with the edit made. Everything else stays as it was
// written: other keys, unknown keys, comments, order, block or flow style, the
// spelling proxy_metadata, line ends. What is already so is not touched, so
// the text comes back unchanged, byte for byte, when nothing is to be done,
// and editing twice equals editing once. New values are double-quoted strings,
// new keys are added in sorted order. Istio accepts the result. A key that is
// both set and removed is set.
//
// What an anchor shares is written out where its aliases stand, and what a
// merge brings in is written out where one of its keys is to go.
//
// The result is decoded again before it is returned: it differs from the old
// text by the edit and nothing else, or Edit returns an error with its place.
func (c *Config) Edit(edit Edit) (string, error) {
	if err := edit.check(); err != nil {
		return "", err
	}
	if c.text == "" {
		return fresh(edit), nil
	}
	return c.apply(c.view.deltaFor(edit))
}

// apply changes the text as a delta says, and reads it again.
func (c *Config) apply(diff delta) (string, error) {
	if diff.isEmpty() {
		return c.text, nil
	}
	d, err := c.nodes()
	if err != nil {
		return "", err
	}
	made := d.Edit(yamltext.Style{Quoted: true, Braces: true})
	c.view.write(made, d.Root, diff)
	text, problem := d.Apply(made)
	if problem != nil {
		return "", notEditable(problem)
	}
	text = c.text[:d.Start] + text + c.text[d.Start+len(d.Text):]
	if err := c.view.verify(text, diff); err != nil {
		return "", err
	}
	return text, nil
}

// fresh writes an edit of an empty text, the most frequent one, without a
// detour by YAML.
func fresh(edit Edit) string {
	var b strings.Builder
	b.Grow(512)
	for _, f := range Fields() {
		if value, ok := edit.SetFields[f]; ok && f.isBoolean() {
			b.WriteString(f.String() + ": " + value + "\n")
		} else if ok {
			b.WriteString(f.String() + `: "` + value + "\"\n")
		}
	}
	if len(edit.SetMetadata) > 0 {
		b.WriteString(metadataSpellings[0] + ":\n")
	}
	keys := make([]string, 0, len(edit.SetMetadata))
	for key := range edit.SetMetadata {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		for _, text := range [...]string{"  ", key, `: "`, edit.SetMetadata[key], "\"\n"} {
			b.WriteString(text)
		}
	}
	return b.String()
}

// isMetadataName reports whether Istio's template can carry a key as the name
// of an environment variable.
func isMetadataName(key string) bool {
	for i := range len(key) {
		c := key[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		inner := c >= '0' && c <= '9' || c == '.' || c == '-'
		if !letter && (i == 0 || !inner) {
			return false
		}
	}
	return key != ""
}

// isCarried reports whether a value stands for itself between the double
// quotes that Istio's template pastes it between.
func isCarried(value string) bool {
	for _, r := range value {
		if r == '"' || r == '\\' || r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// check refuses what Istio would not take or carry unchanged.
func (e Edit) check() error {
	for key, value := range e.SetMetadata {
		if !isMetadataName(key) {
			return fmt.Errorf("got metadata key %q, want the name of an environment variable", key)
		}
		if !isCarried(value) {
			return fmt.Errorf("metadata %s: got %q, want printable characters without quotes and backslashes", key, value)
		}
	}
	for _, f := range Fields() {
		if value, ok := e.SetFields[f]; ok {
			if err := f.check(value); err != nil {
				return fmt.Errorf("%s: %w", f, err)
			}
		}
	}
	return nil
}

// deltaFor leaves out of an edit what is already so.
func (v *view) deltaFor(edit Edit) delta {
	d := delta{set: map[string]string{}, fields: map[Field]string{}, result: maps.Clone(v.metadata)}
	if d.result == nil {
		d.result = map[string]string{}
	}
	for key, value := range edit.SetMetadata {
		if old, ok := v.metadata[key]; !ok || old != value {
			d.set[key], d.result[key] = value, value
		}
	}
	for _, key := range edit.RemoveMetadata {
		_, there := v.metadata[key]
		if _, wanted := edit.SetMetadata[key]; there && !wanted {
			d.remove = append(d.remove, key)
			delete(d.result, key)
		}
	}
	for f, value := range edit.SetFields {
		if v.known[f].value != value {
			d.fields[f] = value
		}
	}
	return d
}

// isEmpty reports whether all is as it should be.
func (d delta) isEmpty() bool { return !d.ofMetadata() && !slices.ContainsFunc(Fields(), d.of) }

// ofMetadata reports whether proxyMetadata is to change.
func (d delta) ofMetadata() bool {
	return len(d.set)+len(d.remove)+len(d.written) > 0
}

// of reports whether a field is to change.
func (d delta) of(f Field) bool {
	_, set := d.fields[f]
	_, written := d.fieldsWritten[f]
	return set || written || slices.Contains(d.removeFields, f)
}

// verify decodes an edited text as Istio does and wants the old view with the
// change made, nothing more and nothing less.
func (v *view) verify(text string, d delta) error {
	got, err := decodeView(text)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotEditable, err)
	}
	differs := func(field string) error {
		return fmt.Errorf("%w: field %q would change", errNotEditable, field)
	}
	for _, fields := range []map[string]json.RawMessage{v.fields, got.fields} {
		for name := range fields {
			isMeant := d.ofMetadata() && name == v.metadataField ||
				slices.ContainsFunc(Fields(), func(f Field) bool { return d.of(f) && name == v.known[f].name })
			if !isMeant && !bytes.Equal(v.fields[name], got.fields[name]) {
				return differs(name)
			}
		}
	}
	for key := range d.written { // what it means, only the text tells
		d.result[key] = got.metadata[key]
	}
	if got.metadataField != v.metadataField && !d.removeMetadata || !maps.Equal(got.metadata, d.result) {
		return differs(v.metadataField)
	}
	for _, f := range Fields() {
		removed, want := slices.Contains(d.removeFields, f), v.known[f].value
		if set, ok := d.fields[f]; ok {
			want = set
		} else if d.of(f) { // it was there only for nothing
			want = ""
		}
		if got.known[f].name != v.known[f].name && !removed || got.known[f].value != want {
			return differs(v.known[f].name)
		}
	}
	return nil
}
