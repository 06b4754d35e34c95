package istio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// ProxyConfigEdit is a change of a ProxyConfig.
type ProxyConfigEdit struct {
	SetMetadata    map[string]string // keys of proxyMetadata to set
	RemoveMetadata []string          // keys of proxyMetadata to remove
	DrainDuration  string            // to set; empty leaves what stands there
}

// change is what an edit comes to for one text.
type change struct {
	set     map[string]string // keys whose value differs or is missing
	remove  []string          // keys that are there and shall not be
	drain   string            // "" leaves it
	result  map[string]string // all of proxyMetadata afterwards
	setKeys []string          // of set, sorted
}

// Edit returns the text with the edit made. Everything else stays as it was
// written: other keys, unknown keys, comments, order, block or flow style, the
// spelling proxy_metadata, line ends. What is already so is not touched, so
// the text comes back unchanged, byte for byte, when nothing is to be done,
// and editing twice equals editing once. New values are double-quoted strings,
// new keys are added in sorted order. Istio accepts the result. A key that is
// both set and removed is set.
//
// The result is decoded again before it is returned: it differs from the old
// text by the edit and nothing else, or Edit returns an error. Rare YAML cannot
// be edited in place, such as a key to be removed that a merge brings in.
func (c *ProxyConfig) Edit(edit ProxyConfigEdit) (string, error) {
	if err := edit.check(); err != nil {
		return "", err
	}
	delta := c.view.changeFor(edit)
	if len(delta.set) == 0 && len(delta.remove) == 0 && delta.drain == "" {
		return c.text, nil
	}
	if c.text == "" {
		return strings.Join(rootLines(&c.view, delta, "", "  "), "\n") + "\n", nil
	}
	l, err := newLayout(c.text)
	if err != nil {
		return "", err
	}
	for _, way := range []way{inPlace, inFront, ownCopy} {
		text, wayErr := l.edit(&c.view, delta, way)
		if wayErr == nil {
			if wayErr = c.view.verify(text, delta); wayErr == nil {
				return text, nil
			}
		}
		if err == nil {
			err = wayErr
		}
	}
	return "", err
}

// metadataName is what Istio's template can carry as the name of an
// environment variable.
var metadataName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// check refuses what Istio would not take or carry unchanged.
func (e ProxyConfigEdit) check() error {
	for key, value := range e.SetMetadata {
		if !metadataName.MatchString(key) {
			return fmt.Errorf("got metadata key %q, want the name of an environment variable", key)
		}
		// Istio pastes the value between double quotes.
		carried := func(r rune) bool { return r != '"' && r != '\\' && r != unicode.ReplacementChar && unicode.IsPrint(r) }
		if strings.ContainsFunc(value, func(r rune) bool { return !carried(r) }) {
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
func (v *view) changeFor(edit ProxyConfigEdit) change {
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
		if there && !wanted && !slices.Contains(delta.remove, key) {
			delta.remove = append(delta.remove, key)
		}
	}
	if edit.DrainDuration != v.drainDuration || !v.hasDrain {
		delta.drain = edit.DrainDuration
	}
	delta.setKeys = slices.Sorted(maps.Keys(delta.set))
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
		return fmt.Errorf("%w: %w", errLayout, err)
	}
	differs := func(field string) error {
		return fmt.Errorf("%w: field %q would change", errLayout, field)
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
