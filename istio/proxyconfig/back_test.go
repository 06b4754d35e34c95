package proxyconfig

import (
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"

	"pgregory.net/rapid"
)

// backOf is what takes an edit of a text back.
func backOf(c *Config, edit Edit) Back {
	back := Back{Metadata: !c.HasMetadata(), Was: map[string]string{}, FieldsWere: map[Field]string{}}
	for key := range edit.SetMetadata {
		back.Remove = append(back.Remove, key)
		if written, ok := c.Written(key); ok {
			back.Was[key] = written
		}
	}
	for _, key := range edit.RemoveMetadata {
		if written, ok := c.Written(key); ok {
			back.Was[key] = written
		}
	}
	for f := range edit.SetFields {
		if _, own := c.Field(f); own {
			continue
		}
		back.Fields = append(back.Fields, f)
		if written, ok := c.WrittenField(f); ok {
			back.FieldsWere[f] = written
		}
	}
	return back
}

// Any edit of any configuration that leaves the author's fields alone:
// taken back, the text is what it was. Where a key was removed, or an empty
// proxyMetadata filled, it is one that means the same.
func TestTakeBackProperty(t *testing.T) {
	same := 0
	rapid.Check(t, func(t *rapid.T) {
		text, edit := drawConfig(t), drawEdit(t)
		config, err := Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for f := range edit.SetFields {
			if _, own := config.Field(f); own {
				delete(edit.SetFields, f)
			}
		}
		edited, err := config.Edit(edit)
		if err != nil {
			t.Fatalf("%q: %+v: %v", text, edit, err)
		}
		then, err := Parse(edited)
		if err != nil {
			t.Fatalf("%q: %v", edited, err)
		}
		got, err := then.TakeBack(backOf(config, edit))
		if err != nil {
			t.Fatalf("%q to %q: %v", text, edited, err)
		}
		removes := false
		for _, key := range edit.RemoveMetadata {
			_, there := config.Metadata(key)
			_, set := edit.SetMetadata[key]
			removes = removes || there && !set
		}
		filled := config.HasMetadata() && len(config.MetadataKeys()) == 0
		switch {
		case got.Text() == text:
			same++
		case config.IsEmpty() && got.IsEmpty():
		case !removes && !filled:
			t.Fatalf("%q to %q: got %q back", text, edited, got.Text())
		case !got.Means(config) && !filled:
			t.Fatalf("%q to %q: got %q back, want one that means the same", text, edited, got.Text())
		}
	})
	if same == 0 {
		t.Error("got no text back as it was: the property was not tested")
	}
}

func TestTakeBack(t *testing.T) {
	quoted := func(key string) string { return key + `: "48h"` }
	const idle = istio.IdleTimeoutMetadata
	tests := []struct {
		rule, text string
		back       Back
		want       string // "!" and a part of the error
	}{
		{
			rule: "a value is written as it was, quotes and all",
			text: "proxyMetadata:\n  " + quoted(idle) + " # mine\n",
			back: Back{Remove: []string{idle}, Was: map[string]string{idle: "'2d'"}},
			want: "proxyMetadata:\n  " + idle + ": '2d' # mine\n",
		},
		{
			rule: "also one that was not written at all",
			text: "proxyMetadata:\n  " + quoted(idle) + "\n",
			back: Back{Remove: []string{idle}, Was: map[string]string{idle: ""}},
			want: "proxyMetadata:\n  " + idle + ":\n",
		},
		{
			rule: "a proxyMetadata that the edit made goes with its last key",
			text: "concurrency: 2\nproxyMetadata:\n  " + quoted(idle) + "\n",
			back: Back{Remove: []string{idle}, Metadata: true},
			want: "concurrency: 2\n",
		},
		{
			rule: "but not with a key of somebody else",
			text: "concurrency: 2\nproxyMetadata:\n  " + quoted(idle) + "\n  MINE: \"1\"\n",
			back: Back{Remove: []string{idle}, Metadata: true},
			want: "concurrency: 2\nproxyMetadata:\n  MINE: \"1\"\n",
		},
		{
			rule: "in braces",
			text: `{"proxyMetadata":{"A":"b","` + idle + `":"48h"},"drainDuration":"43200s"}`,
			back: Back{Remove: []string{idle}, Fields: []Field{DrainDuration}},
			want: `{"proxyMetadata":{"A":"b"}}`,
		},
		{
			rule: "a boolean, too",
			text: "concurrency: 2\nholdApplicationUntilProxyStarts: true\n",
			back: Back{Fields: []Field{HoldApplication}},
			want: "concurrency: 2\n",
		},
		{
			rule: "and one that said nothing says nothing again",
			text: "hold_application_until_proxy_starts: true # mine\n",
			back: Back{Fields: []Field{HoldApplication}, FieldsWere: map[Field]string{HoldApplication: "~"}},
			want: "hold_application_until_proxy_starts: ~ # mine\n",
		},
		{
			rule: "a key that was removed comes back",
			text: "proxyMetadata:\n  A: b\n",
			back: Back{Was: map[string]string{istio.HoldfastMetadata: "v0"}},
			want: "proxyMetadata:\n  A: b\n  " + istio.HoldfastMetadata + ": v0\n",
		},
		{
			rule: "what is not there any more is nothing to take back",
			text: "concurrency: 2\n",
			back: Back{Remove: []string{idle}, Fields: Fields(), Metadata: true},
			want: "concurrency: 2\n",
		},
		{
			rule: "nothing that Istio rejects is put there",
			text: "proxyMetadata:\n  " + quoted(idle) + "\n",
			back: Back{Remove: []string{idle}, Was: map[string]string{idle: `'a"b'`}},
			want: "!injection template",
		},
		{
			rule: "nor more than a value",
			text: "proxyMetadata:\n  " + quoted(idle) + "\n",
			back: Back{Remove: []string{idle}, Was: map[string]string{idle: "a\nconcurrency: 9"}},
			want: "!would change",
		},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			config, err := Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.TakeBack(test.back)
			switch part, wantsError := strings.CutPrefix(test.want, "!"); {
			case wantsError:
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want an error with %q", err, part)
				}
			case err != nil:
				t.Errorf("got %v, want %q", err, test.want)
			case got.Text() != test.want:
				t.Errorf("got %q, want %q", got.Text(), test.want)
			}
		})
	}
}
