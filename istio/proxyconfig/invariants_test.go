package proxyconfig

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkEdited holds an edit against what Edit promises, by other means than
// its own: whole decoded trees and whole lines.
func checkEdited(t failer, before string, edit Edit, after string) {
	t.Helper()
	config, err := Parse(after)
	if err != nil {
		t.Fatalf("%q: Istio rejects the result %q: %v", before, after, err)
	}
	old, err := Parse(before)
	if err != nil {
		t.Fatalf("%q: %v", before, err)
	}
	for key, want := range edit.SetMetadata {
		if got, ok := config.Metadata(key); !ok || got != want {
			t.Fatalf("%q: %s is %q in %q, want %q", before, key, got, after, want)
		}
	}
	wantKeys := map[string]bool{}
	for _, key := range append(old.MetadataKeys(), slices.Collect(maps.Keys(edit.SetMetadata))...) {
		_, set := edit.SetMetadata[key]
		if set || !slices.Contains(edit.RemoveMetadata, key) {
			wantKeys[key] = true
		}
	}
	for _, key := range config.MetadataKeys() {
		if !wantKeys[key] {
			t.Fatalf("%q: %s is in %q", before, key, after)
		}
		delete(wantKeys, key)
		if _, set := edit.SetMetadata[key]; !set {
			want, _ := old.Metadata(key)
			if got, _ := config.Metadata(key); got != want {
				t.Fatalf("%q: %s is %q in %q, want %q", before, key, got, after, want)
			}
		}
	}
	if len(wantKeys) > 0 {
		t.Fatalf("%q: %v are lost in %q", before, wantKeys, after)
	}
	for _, f := range Fields() {
		got, _ := config.Field(f)
		want, _ := old.Field(f)
		if set, ok := edit.SetFields[f]; ok {
			want = set
		}
		if got != want {
			t.Fatalf("%q: %s is %q in %q, want %q", before, f, got, after, want)
		}
	}
	oldRest, rest := otherFields(t, before), otherFields(t, after)
	if !reflect.DeepEqual(oldRest, rest) {
		t.Fatalf("%q: other fields are %v in %q, want %v", before, rest, after, oldRest)
	}
	again, err := config.Edit(edit)
	if err != nil || again != after {
		t.Fatalf("%q: a second edit of %q gave %q, %v", before, after, again, err)
	}
}

// otherFields decodes everything that an edit must not change.
func otherFields(t failer, text string) map[string]any {
	t.Helper()
	js, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(js, &fields); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if fields == nil { // JSON's null
		fields = map[string]any{}
	}
	for _, names := range [][2]string{
		{"proxyMetadata", "proxy_metadata"},
		{"drainDuration", "drain_duration"},
		{"holdApplicationUntilProxyStarts", "hold_application_until_proxy_starts"},
	} {
		if _, ok := fields[names[0]]; ok {
			delete(fields, names[0])
		} else {
			delete(fields, names[1])
		}
	}
	return fields
}

// comments lists the comments of a text in which "#" stands for nothing else.
func comments(text string) []string {
	var found []string
	for line := range strings.SplitSeq(text, "\n") {
		if _, comment, ok := strings.Cut(line, "#"); ok {
			found = append(found, strings.TrimRight(comment, "\r"))
		}
	}
	return found
}
