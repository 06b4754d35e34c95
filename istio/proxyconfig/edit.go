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
	DrainDuration  string            // to set; empty leaves what stands there
}

// change is what an edit comes to for one text.
type change struct {
	set    map[string]string // keys whose value differs or is missing
	remove []string          // keys that are there and shall not be
	drain  string            // "" leaves it
	result map[string]string // all of proxyMetadata afterwards
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
	delta := c.view.changeFor(edit)
	if len(delta.set) == 0 && len(delta.remove) == 0 && delta.drain == "" {
		return c.text, nil
	}
	d, err := c.nodes()
	if err != nil {
		return "", err
	}
	made := d.Edit(yamltext.Style{Quoted: true, Braces: true})
	c.view.write(made, d.Root, delta)
	text, problem := d.Apply(made)
	if problem != nil {
		return "", notEditable(problem)
	}
	text = c.text[:d.Start] + text + c.text[d.Start+len(d.Text):]
	if err := c.view.verify(text, delta); err != nil {
		return "", err
	}
	return text, nil
}

// fresh writes an edit of an empty text, the most frequent one, without a
// detour by YAML.
func fresh(edit Edit) string {
	var text []byte
	if edit.DrainDuration != "" {
		text = append(text, drainSpellings[0]+": "...)
		text = append(text, quoted(edit.DrainDuration)...)
		text = append(text, '\n')
	}
	if len(edit.SetMetadata) > 0 {
		text = append(text, metadataSpellings[0]+":\n"...)
		keys := make([]string, 0, len(edit.SetMetadata))
		for key := range edit.SetMetadata {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			text = append(text, "  "...)
			text = append(text, key...)
			text = append(text, ": "...)
			text = append(text, quoted(edit.SetMetadata[key])...)
			text = append(text, '\n')
		}
	}
	return string(text)
}

// isMetadataName tells whether Istio's template can carry a key as the name of
// an environment variable.
func isMetadataName(key string) bool {
	for i, c := range []byte(key) {
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
		inner := c >= '0' && c <= '9' || c == '.' || c == '-'
		if !letter && (i == 0 || !inner) {
			return false
		}
	}
	return key != ""
}

// isCarried tells whether a value survives the double quotes that Istio's
// template pastes it between.
func isCarried(value string) bool {
	if isPlainValue(value) {
		return true
	}
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
	if e.DrainDuration != "" {
		if err := checkDrainDuration(e.DrainDuration); err != nil {
			return fmt.Errorf("drainDuration: %w", err)
		}
	}
	return nil
}

// changeFor leaves out of an edit what is already so.
func (v *view) changeFor(edit Edit) change {
	var delta change
	for key, value := range edit.SetMetadata {
		if old, ok := v.metadata[key]; ok && old == value {
			continue
		}
		if delta.set == nil {
			delta.set = make(map[string]string, len(edit.SetMetadata))
		}
		delta.set[key] = value
	}
	for _, key := range edit.RemoveMetadata {
		_, there := v.metadata[key]
		_, wanted := edit.SetMetadata[key]
		if there && !wanted {
			delta.remove = append(delta.remove, key)
		}
	}
	if edit.DrainDuration != v.drainDuration || !v.hasDrain {
		delta.drain = edit.DrainDuration
	}
	delta.result = make(map[string]string, len(v.metadata)+len(delta.set))
	maps.Copy(delta.result, v.metadata)
	maps.Copy(delta.result, delta.set)
	for _, key := range delta.remove {
		delete(delta.result, key)
	}
	return delta
}

// verify decodes an edited text as Istio does and wants the old view with the
// change made, nothing more and nothing less.
func (v *view) verify(text string, delta change) error {
	got, err := decodeView(text)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotEditable, err)
	}
	differs := func(field string) error {
		return fmt.Errorf("%w: field %q would change", errNotEditable, field)
	}
	metadataChanges := len(delta.set) > 0 || len(delta.remove) > 0
	for name, raw := range v.fields {
		switch {
		case metadataChanges && name == v.metadataField, delta.drain != "" && name == v.drainField:
		case !bytes.Equal(got.fields[name], raw):
			return differs(name)
		}
	}
	for name := range got.fields {
		_, there := v.fields[name]
		if !there && (!metadataChanges || name != v.metadataField) && (delta.drain == "" || name != v.drainField) {
			return differs(name)
		}
	}
	if got.metadataField != v.metadataField || metadataChanges && !maps.Equal(got.metadata, delta.result) {
		return differs(v.metadataField)
	}
	if got.drainField != v.drainField || delta.drain != "" && got.drainDuration != delta.drain {
		return differs(v.drainField)
	}
	return nil
}

// quoted writes a value as a double-quoted YAML string, which for the texts
// that Istio carries is its JSON form too.
func quoted(value string) string {
	if isPlainValue(value) {
		return `"` + value + `"`
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(value) != nil {
		return `""`
	}
	return strings.TrimSuffix(text.String(), "\n")
}
