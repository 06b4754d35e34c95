package annotations

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-mesh/holdfast/internal/digest"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
)

// Record is the value of AppliedAnnotation: what is in force, and what holdfast
// has written into annotations that have other authors too, so that it can
// change it and take it back. Keys with istio.HoldfastMetadataPrefix and
// rules.KeepaliveAnnotation are its own anyway.
//
// A record may come from anybody who writes pods: what it says is checked
// against what is there, and the result like everything that holdfast writes.
type Record struct {
	Rules []string `json:"rules"`
	More  int      `json:"more,omitempty"` // rules that had no room
	Hash  string   `json:"hash"`
	// Made is what was not there before: recordConfig, which had no
	// proxyMetadata then either, or recordMetadata alone.
	Made string `json:"made,omitempty"`
	// Wrote has what was written, by key of proxyMetadata, name of a
	// proxyconfig.Field, or name of a list. Of a list it is how many bytes at its beginning are the
	// author's, and a hash of the whole: "4:1f2e3d4c".
	Wrote map[string]string `json:"wrote,omitempty"`
	// Drawn is what the drainDuration in Wrote was drawn from, if it was: 43200s+-25%.
	Drawn string `json:"drawn,omitempty"`
	// Was has the author's text that was replaced or removed, as it was written.
	Was map[string]string `json:"was,omitempty"`
}

// Names in a record that are no keys of proxyMetadata.
const (
	recordConfig    = "config" // proxy.istio.io/config; in Was only where it had no field
	recordMetadata  = "proxyMetadata"
	recordKeepalive = "keepalive"
)

// listNames are those of lists in a record.
var listNames = [len(managed)]string{ExcludedPorts: "excludeOutboundPorts", ExcludedRanges: "excludeOutboundIPRanges"}

const (
	// maxAppliedNames bounds the names of rules in a record, in bytes: a pod has
	// room for 256 KiB of annotations, and its author wants most of that. explain
	// names all rules of a pod.
	maxAppliedNames = 1024
	// maxWas bounds the texts that a record keeps, in bytes. What has no room is
	// left out: of a list, its items are remembered all the same, and values that
	// long have no meaning to Istio.
	maxWas = 1024
	// maxRecord is more than any record that holdfast writes, in bytes.
	maxRecord = 16 << 10
)

// NewRecord is a record without what was written. Of more names than it has
// room for it holds the first.
func NewRecord(names []string, hash string) Record {
	fit, room := 0, maxAppliedNames
	for fit < len(names) && room >= len(names[fit]) {
		room -= len(names[fit])
		fit++
	}
	return Record{Rules: names[:fit], More: len(names) - fit, Hash: hash, Wrote: map[string]string{}, Was: map[string]string{}}
}

// readRecord reads the value of AppliedAnnotation. One that nobody understands
// remembers nothing.
func readRecord(text string) (r Record) {
	if len(text) > maxRecord || json.Unmarshal([]byte(text), &r) != nil {
		return Record{}
	}
	r.fit() // holdfast's own does; work on others is bounded
	return r
}

// Value writes the record down.
func (r *Record) Value() Value {
	r.fit()
	text, _ := json.Marshal(r) // strings can be encoded
	return Value{string(text), true}
}

// fit leaves out of Was what has no room.
func (r *Record) fit() {
	room := maxWas
	for _, key := range slices.Sorted(maps.Keys(r.Was)) {
		if size := len(key) + len(r.Was[key]); size <= room {
			room -= size
		} else {
			delete(r.Was, key)
		}
	}
}

// WroteList remembers a list, ExcludedPorts or ExcludedRanges, that holdfast made
// of the author's. own is what the author's items are in the new text.
func (r *Record) WroteList(index int, author Value, own, text string) {
	name := listNames[index]
	if author.Present && (author.Text == "" || author.Text != own) {
		r.Was[name] = author.Text
	}
	r.Wrote[name] = strconv.Itoa(len(own)) + ":" + textHash(text)
}

// WroteKeepalive remembers what the author has as rules.KeepaliveAnnotation.
func (r *Record) WroteKeepalive(author Value) {
	if author.Present {
		r.Was[recordKeepalive] = author.Text
	}
}

// listBack is the author's list; what is there, if holdfast did not write it.
func (r *Record) listBack(index int, there Value, valid func(text string) bool) Value {
	name := listNames[index]
	size, hash, ok := strings.Cut(r.Wrote[name], ":")
	own, err := strconv.Atoi(size)
	if !ok || err != nil || own < 0 || own > len(there.Text) || !there.Present || hash != textHash(there.Text) {
		return there
	}
	back := Value{there.Text[:own], own > 0}
	if was, ok := r.Was[name]; ok {
		back = Value{was, true}
	}
	if !valid(back.Text) {
		return there
	}
	return back
}

// WroteConfig remembers an edit of the author's ProxyConfig.
func (r *Record) WroteConfig(author Value, config *proxyconfig.Config, edit proxyconfig.Edit) {
	switch {
	case !author.Present:
		r.Made = recordConfig
	case !config.HasMetadata() && len(edit.SetMetadata) > 0:
		r.Made = recordMetadata
	}
	if author.Present && config.IsEmpty() {
		r.Was[recordConfig] = author.Text
	}
	for key, value := range edit.SetMetadata {
		written, there := config.Written(key)
		if there {
			r.Was[key] = written
		}
		if !strings.HasPrefix(key, istio.HoldfastMetadataPrefix) {
			r.Wrote[key] = value
		}
	}
	for _, key := range edit.RemoveMetadata {
		r.Was[key], _ = config.Written(key)
	}
	for f, value := range edit.SetFields {
		r.Wrote[f.String()] = value
		if written, ok := config.WrittenField(f); ok {
			r.Was[f.String()] = written
		}
	}
}

// textHash tells texts of one annotation apart that people write by mistake or
// on purpose, in 32 bits.
func textHash(text string) string { return digest.Hex([]byte(text))[:8] }
