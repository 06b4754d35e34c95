package proxyconfig

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
)

func TestParseProxyConfig(t *testing.T) {
	for _, test := range []struct {
		name, text, wantErr string
	}{
		{name: "empty", text: ""},
		{name: "null", text: "~"},
		{name: "comment", text: "# nothing"},
		{name: "JSON", text: `{"proxyMetadata":{"A":"b"}}`},
		// Istio reads the first document and no further.
		{name: "second document broken", text: "a: b\n---\n{"},
		// Unknown fields are ignored, whatever they hold.
		{name: "unknown fields", text: "holdfast: [1, {a: b}]\nproxymetadata: 5\n"},
		{name: "known fields", text: "concurrency: 2\nholdApplicationUntilProxyStarts: true\ntracing: {zipkin: {address: 'z:9411'}}\n" +
			"proxyStatsMatcher:\n  inclusionRegexps: ['.*']\n"},
		// The decoder takes numbers in quotes, and quotes around numbers.
		{name: "quoted number", text: "concurrency: '2'\nstatusPort: '15021'\n"},
		// Null is the empty text.
		{name: "null value", text: "proxyMetadata: {A: ~}"},
		{name: "null field", text: "proxyMetadata:\ndrainDuration:\nconcurrency:\n"},
		// The other spelling is not read at all.
		{name: "other spelling wrong", text: "proxy_metadata: 5\nproxyMetadata: {}\n"},

		{name: "broken YAML", text: "a: b: c", wantErr: "mapping values are not allowed in this context: check the indentation"},
		{name: "tab", text: "a:\n\tb: c\n", wantErr: "line 2: found character that cannot start any token: indent with spaces"},
		{name: "text", text: "ISTIO_META_IDLE_TIMEOUT:48h", wantErr: `got the text "ISTIO_META_IDLE_TIMEOUT:48h", want fields like "drainDuration: 45s": write a space after the colon`},
		{name: "list", text: "- a\n", wantErr: "got a list, want fields"},
		// RAN: the injector denies a pod with a number here.
		{
			name: "number", text: "a: b\nproxyMetadata:\n  A: x\n  ISTIO_META_IDLE_TIMEOUT: 0\n",
			wantErr: `line 4: proxyMetadata.ISTIO_META_IDLE_TIMEOUT: got the number 0, want a text: write it in quotes, "0"`,
		},
		// YAML 1.1 knows more booleans than most people.
		{name: "yes", text: "proxy_metadata: {A: yes}", wantErr: `line 1: proxy_metadata.A: got the boolean true, want a text: write it in quotes, "true"`},
		{name: "nested", text: "proxyMetadata: {A: {b: c}}", wantErr: "line 1: proxyMetadata.A: got a mapping, want a text"},
		{name: "metadata is a list", text: "proxyMetadata:\n- A=b\n", wantErr: "line 1: proxyMetadata: got a list, want a mapping"},
		{name: "drain is a number", text: "drainDuration: 45", wantErr: `line 1: drainDuration: got the number 45, want "45s"`},
		{name: "drain without unit", text: "drainDuration: '45'", wantErr: `line 1: drainDuration: got "45", want "45s"`},
		{name: "drain in days", text: "\ndrain_duration: 2d\n", wantErr: `line 2: drain_duration: got "2d", want "48h"`},
		{name: "drain with a fraction", text: "drainDuration: 1500ms", wantErr: `line 1: drainDuration: got "1500ms", want whole seconds`},
		{name: "drain zero", text: "drainDuration: 0s", wantErr: `want whole seconds from "1s"`},
		{name: "other field", text: "concurrency: two", wantErr: `line 1: concurrency: got the text "two"`},
		{name: "unknown enum", text: "interceptionMode: MAYBE", wantErr: "line 1: interceptionMode:"},
		// What decodes may still be refused.
		{name: "status port", text: "statusPort: 0", wantErr: "line 1: statusPort: got port 0, want 1 to 65535"},
		{name: "discovery address", text: "x: y\ndiscovery_address: istiod", wantErr: `line 2: discoveryAddress: got address "istiod", want host:port`},
		{name: "empty config path", text: "configPath: ''", wantErr: "line 1: configPath: got an empty text"},
		{name: "zipkin", text: "tracing: {zipkin: {}}", wantErr: "line 1: tracing: zipkin: got address"},
		{name: "key provider", text: "privateKeyProvider: {cryptomb: {}}", wantErr: "privateKeyProvider: got no pollDelay"},
		// The injection template pastes values between quotes.
		{name: "quote", text: `proxyMetadata: {A: 'x"y'}`, wantErr: "line 1: proxyMetadata.A: got characters that break Istio's injection template"},
		{name: "backslash", text: `proxyMetadata: {A: '\d'}`, wantErr: "injection template"},
		{name: "backslash that YAML knows", text: `proxyMetadata: {A: '\n'}`},
		{name: "line break", text: `proxyMetadata: {A: "x\ny"}`},
		{name: "boolean as key", text: "proxyMetadata: {yes: a}", wantErr: "proxyMetadata.true: got characters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.text)
			checkError(t, err, test.wantErr)
		})
	}
}

func TestProxyConfigView(t *testing.T) {
	config, err := Parse("proxy_metadata: {C: d}\ndrain_duration: 60s\nx: &x {M: m, B: other}\n" +
		"proxyMetadata:\n  <<: *x\n  Z: first\n  A: ~\n  Z: z\n  B: c\n")
	if err != nil {
		t.Fatal(err)
	}
	// Merged keys last; the first spelling alone; the last of two equal keys.
	if got, want := config.MetadataKeys(), []string{"Z", "A", "B", "M"}; !slices.Equal(got, want) {
		t.Errorf("got keys %q, want %q", got, want)
	}
	for key, want := range map[string]string{"Z": "z", "A": "", "B": "c", "M": "m"} {
		if got, ok := config.Metadata(key); !ok || got != want {
			t.Errorf("%s: got %q, %v, want %q", key, got, ok, want)
		}
	}
	if got, ok := config.Metadata("C"); ok {
		t.Errorf("C: got %q, want none", got)
	}
	if got, ok := config.DrainDuration(); !ok || got != "60s" {
		t.Errorf("drainDuration: got %q, %v, want 60s", got, ok)
	}
	empty, err := Parse("")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := empty.DrainDuration(); ok || len(empty.MetadataKeys()) > 0 {
		t.Error("an empty text is not empty")
	}
}

// What Istio would not take or not carry unchanged is refused before anything
// is written.
func TestProxyConfigEditRefuses(t *testing.T) {
	const merged = "x: &x {ISTIO_META_HOLDFAST: v0, B: c}\nproxyMetadata:\n  <<: *x\n  A: b\nother: *x\n"
	for _, test := range []struct {
		name, text string
		edit       Edit
		wantErr    string
	}{
		{"quote", "", Edit{SetMetadata: map[string]string{"A": `x"y`}}, "want printable characters"},
		{"backslash", "", Edit{SetMetadata: map[string]string{"A": `\d`}}, "want printable characters"},
		{"line break", "", Edit{SetMetadata: map[string]string{"A": "x\ny"}}, "want printable characters"},
		{"no text", "", Edit{SetMetadata: map[string]string{"A": "\xff"}}, "want printable characters"},
		{"key", "", Edit{SetMetadata: map[string]string{"a: b": "c"}}, "want the name of an environment variable"},
		{"drain", "", Edit{DrainDuration: "1500ms"}, "drainDuration: got \"1500ms\", want whole seconds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, err := Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.Edit(test.edit)
			checkError(t, err, test.wantErr)
			if got != "" {
				t.Errorf("got text %q beside the error", got)
			}
		})
	}
	// A key that comes from a merge goes with the merge; what else that brings
	// in is written out.
	config, err := Parse(merged)
	if err != nil {
		t.Fatal(err)
	}
	edit := Edit{RemoveMetadata: []string{istio.HoldfastMetadata}}
	got, err := config.Edit(edit)
	if err != nil {
		t.Fatal(err)
	}
	if want := "x: &x {ISTIO_META_HOLDFAST: v0, B: c}\nproxyMetadata:\n  A: b\n  B: \"c\"\nother: *x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	checkEdited(t, merged, edit, got)
}

// checkError compares an error with a part of its text; "" means none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got error %q, want none", err)
	case want != "" && err == nil:
		t.Errorf("got no error, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("got error %q, want it to say %q", err, want)
	}
}
