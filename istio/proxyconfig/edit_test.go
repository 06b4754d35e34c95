package proxyconfig

import (
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
)

// Edits of texts as people write them. The edit sets ISTIO_META_IDLE_TIMEOUT
// to 48h unless the case says otherwise.
func TestProxyConfigEdit(t *testing.T) {
	idle := Edit{SetMetadata: map[string]string{istio.IdleTimeoutMetadata: "48h"}}
	drain := Edit{SetFields: map[Field]string{DrainDuration: "43200s"}}
	both := Edit{SetMetadata: idle.SetMetadata, SetFields: map[Field]string{DrainDuration: "43200s"}}
	hold := Edit{SetMetadata: idle.SetMetadata, SetFields: map[Field]string{HoldApplication: "true"}}
	swap := Edit{
		SetMetadata:    map[string]string{istio.HoldfastMetadata: "v1", istio.KeepaliveMetadata: "120s-30s-3"},
		RemoveMetadata: []string{istio.DestinationsMetadataPrefix + "1", istio.DestinationsMetadataPrefix + "2"},
	}
	for _, test := range []struct {
		name     string
		edit     Edit
		in, want string
	}{
		// The most frequent pod has no such annotation.
		{"empty", idle, "", "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		{"empty, two fields", both, "", "drainDuration: \"43200s\"\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		// A boolean is none in quotes: Istio would deny the pod.
		{"empty, a boolean", hold, "", "holdApplicationUntilProxyStarts: true\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		{
			"boolean, block", hold, "concurrency: 2\nproxyMetadata:\n  A: b\n",
			"concurrency: 2\nproxyMetadata:\n  A: b\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\nholdApplicationUntilProxyStarts: true\n",
		},
		{
			"boolean, JSON", hold, `{"proxyMetadata":{"A":"b"}}`,
			`{"proxyMetadata":{"A":"b","ISTIO_META_IDLE_TIMEOUT":"48h"},"holdApplicationUntilProxyStarts":true}`,
		},
		{
			"boolean, other spelling without a value", hold, "hold_application_until_proxy_starts: # why\nproxyMetadata: {A: b}\n",
			"hold_application_until_proxy_starts: true # why\nproxyMetadata: {A: b, ISTIO_META_IDLE_TIMEOUT: \"48h\"}\n",
		},
		{"boolean, null", hold, "{holdApplicationUntilProxyStarts: ~, proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 48h}}", "{holdApplicationUntilProxyStarts: true, proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 48h}}"},
		{"boolean, so already", hold, "holdApplicationUntilProxyStarts: yes\nproxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 48h}", "holdApplicationUntilProxyStarts: yes\nproxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 48h}"},
		{"nothing to do", Edit{}, "a: b", "a: b"},
		{"nothing to do, empty", Edit{}, "", ""},

		// Block style.
		{
			"other keys", idle, "proxyMetadata:\n  FOO: bar\n",
			"proxyMetadata:\n  FOO: bar\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		{
			"no proxyMetadata", idle, "concurrency: 2\n",
			"concurrency: 2\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		{
			"snake case", idle, "proxy_metadata:\n  FOO: bar\n",
			"proxy_metadata:\n  FOO: bar\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		// Istio does not read the other one.
		{
			"both spellings", idle, "proxyMetadata:\n  A: b\nproxy_metadata:\n  C: d\n",
			"proxyMetadata:\n  A: b\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\nproxy_metadata:\n  C: d\n",
		},
		{
			"both spellings, the first one last", idle, "proxy_metadata: {A: b}\nproxyMetadata: ~\n",
			"proxy_metadata: {A: b}\nproxyMetadata: {ISTIO_META_IDLE_TIMEOUT: \"48h\"}\n",
		},
		{
			"odd indentation", idle, "tracing:\n     sampling: 10\nproxyMetadata:\n   FOO: bar\n",
			"tracing:\n     sampling: 10\nproxyMetadata:\n   FOO: bar\n   ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		// A new mapping is indented as deep as the others.
		{
			"step of four", idle, "tracing:\n    sampling: 10\n",
			"tracing:\n    sampling: 10\nproxyMetadata:\n    ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		{
			"indented root", both, "  proxyMetadata:\n    FOO: bar\n",
			"  proxyMetadata:\n    FOO: bar\n    ISTIO_META_IDLE_TIMEOUT: \"48h\"\n  drainDuration: \"43200s\"\n",
		},
		{
			"no line break at the end", idle, "proxyMetadata:\n  FOO: bar",
			"proxyMetadata:\n  FOO: bar\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"",
		},
		{
			"CRLF", both, "proxyMetadata:\r\n  FOO: bar\r\nconcurrency: 2\r\n",
			"proxyMetadata:\r\n  FOO: bar\r\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\r\nconcurrency: 2\r\ndrainDuration: \"43200s\"\r\n",
		},
		{"byte order mark", drain, "\ufeffconcurrency: 2\n", "\ufeffconcurrency: 2\ndrainDuration: \"43200s\"\n"},
		{
			"UTF-8 before it", idle, "proxyMetadata: {Ä: ö, ISTIO_META_IDLE_TIMEOUT: 1h}",
			"proxyMetadata: {Ä: ö, ISTIO_META_IDLE_TIMEOUT: \"48h\"}",
		},
		{
			"tab before the value", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT:\t1h\t# c\n",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT:\t\"48h\"\t# c\n",
		},
		{
			"value in the middle", idle, "proxyMetadata:\n  A: b\n  ISTIO_META_IDLE_TIMEOUT: 1h # was low\n  C: d\n",
			"proxyMetadata:\n  A: b\n  ISTIO_META_IDLE_TIMEOUT: \"48h\" # was low\n  C: d\n",
		},

		// Comments stay where they are.
		{
			"comments", both,
			"# top\nproxyMetadata: # ours\n  # first\n  FOO: bar # bar\n  # last\n\n# between\nconcurrency: 2 # two\n# end",
			"# top\nproxyMetadata: # ours\n  # first\n  FOO: bar # bar\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n  # last\n\n" +
				"# between\nconcurrency: 2 # two\ndrainDuration: \"43200s\"\n# end",
		},
		{"only comments", idle, "# nothing yet\n", "# nothing yet\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		{"only a comment, no line break", idle, "# nothing yet", "# nothing yet\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		{"only blanks", idle, " \n", " \nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},

		// Nothing where a mapping could be.
		{
			"null", idle, "proxyMetadata:\nconcurrency: 2\n",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\nconcurrency: 2\n",
		},
		{"null and comment", idle, "proxyMetadata: # later\n", "proxyMetadata: # later\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		{"tilde", idle, "proxyMetadata: ~ # later\n", "proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: \"48h\"} # later\n"},
		{"null at the root", idle, "null\n", "{\"proxyMetadata\": {\"ISTIO_META_IDLE_TIMEOUT\": \"48h\"}}\n"},
		{
			"null value", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT:\n  A: b\n",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n  A: b\n",
		},

		// Flow style and JSON.
		{"empty braces", idle, "proxyMetadata: {}\n", "proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: \"48h\"}\n"},
		{"braces", idle, "proxyMetadata: {A: b}\n", "proxyMetadata: {A: b, ISTIO_META_IDLE_TIMEOUT: \"48h\"}\n"},
		{"trailing comma", idle, "proxyMetadata: { A: b, }\n", "proxyMetadata: { A: b, ISTIO_META_IDLE_TIMEOUT: \"48h\", }\n"},
		{
			"JSON", both, `{"proxyMetadata":{"A":"b"}}`,
			`{"proxyMetadata":{"A":"b","ISTIO_META_IDLE_TIMEOUT":"48h"},"drainDuration":"43200s"}`,
		},
		{
			"JSON without metadata", idle, `{"concurrency": 2}`,
			`{"concurrency": 2, "proxyMetadata": {"ISTIO_META_IDLE_TIMEOUT": "48h"}}`,
		},
		{"JSON, empty metadata", idle, `{"proxyMetadata":{}}`, `{"proxyMetadata":{"ISTIO_META_IDLE_TIMEOUT":"48h"}}`},
		{"empty JSON", both, "{}", `{"drainDuration": "43200s", "proxyMetadata": {"ISTIO_META_IDLE_TIMEOUT": "48h"}}`},
		{
			"pretty JSON", both, "{\n  \"proxyMetadata\": {\n    \"A\": \"b\"\n  },\n  \"concurrency\": 2\n}\n",
			"{\n  \"proxyMetadata\": {\n    \"A\": \"b\",\n    \"ISTIO_META_IDLE_TIMEOUT\": \"48h\"\n  },\n" +
				"  \"concurrency\": 2,\n  \"drainDuration\": \"43200s\"\n}\n",
		},
		{
			"flow on many lines", idle, "proxyMetadata: {\n  A: b, # a\n  C: d, # c\n}\n",
			"proxyMetadata: {\n  A: b, # a\n  C: d,\n  ISTIO_META_IDLE_TIMEOUT: \"48h\", # c\n}\n",
		},

		// What is already so stays as it was written.
		{"already, plain", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 48h\n", "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 48h\n"},
		{"already, single quotes", idle, "proxyMetadata: {'ISTIO_META_IDLE_TIMEOUT': '48h'}", "proxyMetadata: {'ISTIO_META_IDLE_TIMEOUT': '48h'}"},
		{"already, block scalar", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: |-\n    48h\n", "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: |-\n    48h\n"},
		{"drain already", drain, "drain_duration: 43200s", "drain_duration: 43200s"},
		{"drain, snake case", drain, "drain_duration: 60s # short\n", "drain_duration: \"43200s\" # short\n"},

		// Every way to write the old value.
		{
			"single quotes", idle, "proxyMetadata:\n  'ISTIO_META_IDLE_TIMEOUT' : 'it''s'\n  A: b\n",
			"proxyMetadata:\n  'ISTIO_META_IDLE_TIMEOUT' : \"48h\"\n  A: b\n",
		},
		{"double quotes", idle, "proxyMetadata:\n  \"ISTIO_META_IDLE_TIMEOUT\": \"\\x31h\"\n", "proxyMetadata:\n  \"ISTIO_META_IDLE_TIMEOUT\": \"48h\"\n"},
		{
			"literal", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: |\n    1h\n    2h\n\n  A: b\n",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n\n  A: b\n",
		},
		{"folded", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: >-\n    1h\n  A: b\n", "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n  A: b\n"},
		{
			"plain on two lines", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 1h\n    and more\n  A: b\n",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n  A: b\n",
		},
		{"tagged", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: !!str 3600\n", "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		// The last of two counts.
		{
			"duplicate key", idle, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 1h\n  ISTIO_META_IDLE_TIMEOUT: 2h\n",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 1h\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},

		// What stands last may take more than one line.
		{
			"literal last", idle, "proxyMetadata:\n  A: |\n    b\n    c\n\n# end\n",
			"proxyMetadata:\n  A: |\n    b\n    c\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n\n# end\n",
		},
		// A line more would give the literal a line break.
		{
			"literal last, no line break", idle, "proxyMetadata:\n  A: |\n    b",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n  A: |\n    b",
		},
		// Blank lines are part of this one.
		{
			"literal that keeps", idle, "proxyMetadata:\n  A: |+\n    b\n\n\nconcurrency: 2\n",
			"proxyMetadata:\n  A: |+\n    b\n\n\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\nconcurrency: 2\n",
		},
		{"list last", drain, "extraStatTags:\n- a\n- b # two\n", "extraStatTags:\n- a\n- b # two\ndrainDuration: \"43200s\"\n"},
		{"flow list last", drain, "extraStatTags: [a,\n  b, # two\n]\n", "extraStatTags: [a,\n  b, # two\n]\ndrainDuration: \"43200s\"\n"},

		// Documents.
		{"markers", drain, "---\nconcurrency: 2\n...\n", "---\nconcurrency: 2\ndrainDuration: \"43200s\"\n...\n"},
		{"empty document", drain, "---\n", "---\ndrainDuration: \"43200s\"\n"},
		// Istio reads the first only.
		{"two documents", drain, "concurrency: 2\n---\ndrainDuration: 1s\n", "concurrency: 2\ndrainDuration: \"43200s\"\n---\ndrainDuration: 1s\n"},

		// Anchors, aliases, merges: what else uses them stays as it is.
		{
			"merge", idle, "x: &x {A: b, ISTIO_META_IDLE_TIMEOUT: 1h}\nproxyMetadata:\n  <<: *x\n",
			"x: &x {A: b, ISTIO_META_IDLE_TIMEOUT: 1h}\nproxyMetadata:\n  <<: *x\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		{
			"alias", idle, "x: &x {A: b}\nproxyMetadata: *x # shared\n",
			"x: &x {A: b}\nproxyMetadata: {<<: *x, ISTIO_META_IDLE_TIMEOUT: \"48h\"} # shared\n",
		},
		{
			"value is an alias", idle, "x: &x 1h\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: *x\n",
			"x: &x 1h\nproxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		{"anchor that nobody uses", idle, "proxyMetadata: &x\n  A: b\n", "proxyMetadata: &x\n  A: b\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n"},
		// Never a second key of the same name: strict readers refuse that.
		{
			"anchor that is used", idle, "proxyMetadata: &x\n  A: b\nother: *x\n",
			"proxyMetadata: &x\n  A: b\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\nother: {\"A\": \"b\"}\n",
		},
		{
			"anchor that is merged elsewhere", idle, "proxyMetadata: &x {A: b, B: ~}\nother: {<<: *x, c: [*x]}\n",
			"proxyMetadata: &x {A: b, B: ~, ISTIO_META_IDLE_TIMEOUT: \"48h\"}\nother: {<<: {\"A\": \"b\", \"B\": ~}, c: [{\"A\": \"b\", \"B\": ~}]}\n",
		},
		{
			"anchor of nothing", idle, "proxyMetadata: &x {}\nother: *x\n",
			"proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: \"48h\"}\nother: {}\n",
		},
		{
			"keys that share a value", swap, "proxyMetadata:\n  ISTIO_META_HOLDFAST: &x v0\n  ISTIO_META_HOLDFAST_KEEPALIVE: *x\n  ISTIO_META_HOLDFAST_DESTINATIONS_1: *x\n  A: *x\n",
			"proxyMetadata:\n  ISTIO_META_HOLDFAST: \"v1\"\n  ISTIO_META_HOLDFAST_KEEPALIVE: \"120s-30s-3\"\n  A: \"v0\"\n",
		},
		{
			"removed value whose anchor is used", swap, "proxyMetadata:\n  ISTIO_META_HOLDFAST_DESTINATIONS_1: &x ^x$\n  A: *x\n",
			"proxyMetadata:\n  A: \"^x$\"\n  ISTIO_META_HOLDFAST: \"v1\"\n  ISTIO_META_HOLDFAST_KEEPALIVE: \"120s-30s-3\"\n",
		},
		{
			"value whose anchor is used", both, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: &x 1h\n  B: *x\ndrainDuration: &y 60s\nc: *y\n",
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n  B: \"1h\"\ndrainDuration: \"43200s\"\nc: \"60s\"\n",
		},
		{
			"metadata from a merge", idle, "x: &x {proxyMetadata: {A: b}}\n<<: *x\n",
			"x: &x {proxyMetadata: {A: b}}\n<<: *x\nproxyMetadata:\n  A: \"b\"\n  ISTIO_META_IDLE_TIMEOUT: \"48h\"\n",
		},
		{
			"alias, and a key of it to remove", swap, "x: &x {A: b, ISTIO_META_HOLDFAST_DESTINATIONS_1: c}\nproxyMetadata: *x\n",
			"x: &x {A: b, ISTIO_META_HOLDFAST_DESTINATIONS_1: c}\n" +
				"proxyMetadata: {A: \"b\", ISTIO_META_HOLDFAST: \"v1\", ISTIO_META_HOLDFAST_KEEPALIVE: \"120s-30s-3\"}\n",
		},
		{
			"alias in JSON style", idle, "{\"x\": &x {\"A\": \"b\"}, \"proxyMetadata\": *x}",
			"{\"x\": &x {\"A\": \"b\"}, \"proxyMetadata\": {<<: *x, \"ISTIO_META_IDLE_TIMEOUT\": \"48h\"}}",
		},

		// Stale keys go, new ones come.
		{
			"swap", swap, "proxyMetadata:\n  ISTIO_META_HOLDFAST_DESTINATIONS_1: ^x$\n  A: b\n  ISTIO_META_HOLDFAST_DESTINATIONS_2: ^y$\n",
			"proxyMetadata:\n  A: b\n  ISTIO_META_HOLDFAST: \"v1\"\n  ISTIO_META_HOLDFAST_KEEPALIVE: \"120s-30s-3\"\n",
		},
		{
			"swap all", swap, "proxyMetadata:\n  ISTIO_META_HOLDFAST_DESTINATIONS_1: ^x$\n  ISTIO_META_HOLDFAST_DESTINATIONS_2: ^y$ # why\nconcurrency: 2",
			"proxyMetadata:\n  # why\n  ISTIO_META_HOLDFAST: \"v1\"\n  ISTIO_META_HOLDFAST_KEEPALIVE: \"120s-30s-3\"\nconcurrency: 2",
		},
		{
			"swap in braces", swap, `{"proxyMetadata":{"ISTIO_META_HOLDFAST_DESTINATIONS_1":"^x$","A":"b","ISTIO_META_HOLDFAST_DESTINATIONS_2":"^y$"}}`,
			`{"proxyMetadata":{"A":"b","ISTIO_META_HOLDFAST":"v1","ISTIO_META_HOLDFAST_KEEPALIVE":"120s-30s-3"}}`,
		},
		{
			"swap all in braces", swap, "proxyMetadata: {ISTIO_META_HOLDFAST_DESTINATIONS_1: ^x$, ISTIO_META_HOLDFAST_DESTINATIONS_2: ^y$,}",
			"proxyMetadata: {ISTIO_META_HOLDFAST: \"v1\", ISTIO_META_HOLDFAST_KEEPALIVE: \"120s-30s-3\"}",
		},
		{
			"remove the last, add at the root",
			Edit{RemoveMetadata: swap.RemoveMetadata, SetFields: map[Field]string{DrainDuration: "43200s"}},
			"proxyMetadata:\n  A: b\n  ISTIO_META_HOLDFAST_DESTINATIONS_1: ^x$\n",
			"proxyMetadata:\n  A: b\ndrainDuration: \"43200s\"\n",
		},
		{"remove all", Edit{RemoveMetadata: swap.RemoveMetadata}, "proxyMetadata:\n  ISTIO_META_HOLDFAST_DESTINATIONS_1: ^x$\n", "proxyMetadata:\n"},

		// Patterns are full of characters that mean something to YAML.
		{
			"pattern",
			Edit{SetMetadata: map[string]string{istio.DestinationsMetadataPrefix + "1": "^(10[.]20[.][0-9]+|[[]2001:db8:[0-9a-f:]*[]]):(6379|700[0-5])$"}},
			"a: b\n", "a: b\nproxyMetadata:\n  ISTIO_META_HOLDFAST_DESTINATIONS_1: \"^(10[.]20[.][0-9]+|[[]2001:db8:[0-9a-f:]*[]]):(6379|700[0-5])$\"\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, err := Parse(test.in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.Edit(test.edit)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s\n(%q)", got, test.want, got)
			}
			checkEdited(t, test.in, test.edit, got)
		})
	}
}

// What cannot be edited in place is refused with its line, rather than written
// a second time.
func TestNotEditable(t *testing.T) {
	idle := Edit{SetMetadata: map[string]string{istio.IdleTimeoutMetadata: "48h"}}
	for _, test := range []struct{ name, in, want string }{
		{"a key with a question mark", "a: b\nproxyMetadata:\n  ? A\n  : b\n", "line 3: cannot tell where this ends: want a key without \"?\""},
		{"an anchor with an alias inside", "y: &y b\nproxyMetadata: &x {A: *y}\nother: *x\n", "line 2: got an alias inside of an anchor"},
		{
			"an anchor that is used often", "proxyMetadata: &x {A: " + strings.Repeat("b", 1000) + "}\nother: [" + strings.Repeat("*x, ", 100) + "]\n",
			"line 1: got an anchor &x that is used too often",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			config, err := Parse(test.in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.Edit(idle)
			checkError(t, err, test.want)
			if got != "" || !errors.Is(err, errNotEditable) {
				t.Errorf("got text %q and error %v, want errNotEditable alone", got, err)
			}
		})
	}
}

// The last line of defence: whatever a change of the text does, one that means
// anything else does not leave Edit.
func TestEditsAreVerified(t *testing.T) {
	const before = "proxyMetadata: {A: b, C: d}\ndrainDuration: 60s\nother: 1\n"
	config, err := Parse(before)
	if err != nil {
		t.Fatal(err)
	}
	both := Edit{SetMetadata: map[string]string{"A": "x"}, RemoveMetadata: []string{"C"}, SetFields: map[Field]string{DrainDuration: "43200s"}}
	for _, test := range []struct {
		rule, after string
		edit        Edit
		ok          bool
	}{
		{"what was meant", "proxyMetadata: {A: x}\ndrainDuration: 43200s\nother: 1\n", both, true},
		{"nothing", before, Edit{}, true},
		{"metadata alone", "proxyMetadata: {A: x}\ndrainDuration: 60s\nother: 1\n", Edit{SetMetadata: both.SetMetadata, RemoveMetadata: both.RemoveMetadata}, true},
		{"the drain alone", "proxyMetadata: {A: b, C: d}\ndrainDuration: 43200s\nother: 1\n", Edit{SetFields: map[Field]string{DrainDuration: "43200s"}}, true},
		{"a key that was to go", "proxyMetadata: {A: x, C: d}\ndrainDuration: 43200s\nother: 1\n", both, false},
		{"another value", "proxyMetadata: {A: y}\ndrainDuration: 43200s\nother: 1\n", both, false},
		{"another drain", "proxyMetadata: {A: x}\ndrainDuration: 1h\nother: 1\n", both, false},
		{"the drain too", "proxyMetadata: {A: x}\ndrainDuration: 1h\nother: 1\n", Edit{SetMetadata: both.SetMetadata, RemoveMetadata: both.RemoveMetadata}, false},
		{"metadata too", "proxyMetadata: {A: x, C: d}\ndrainDuration: 43200s\nother: 1\n", Edit{SetFields: map[Field]string{DrainDuration: "43200s"}}, false},
		{"another field", "proxyMetadata: {A: x}\ndrainDuration: 43200s\nother: 2\n", both, false},
		{"a field less", "proxyMetadata: {A: x}\ndrainDuration: 43200s\n", both, false},
		{"a field more", "proxyMetadata: {A: x}\ndrainDuration: 43200s\nother: 1\nmore: 1\n", both, false},
		{"the other spelling", "proxy_metadata: {A: x}\ndrain_duration: 43200s\nother: 1\n", both, false},
		{"the other spelling of the drain", "proxyMetadata: {A: x}\ndrain_duration: 43200s\nother: 1\n", both, false},
		{"no YAML", "proxyMetadata: {", both, false},
	} {
		err := config.view.verify(test.after, config.view.deltaFor(test.edit))
		if (err == nil) != test.ok || err != nil && !errors.Is(err, errNotEditable) {
			t.Errorf("%s: got %v, want accepted: %v", test.rule, err, test.ok)
		}
	}
}

// A text of the largest size is read, and one byte more is not; and so for its
// keys and values, and for what its aliases stand for.
func TestBounds(t *testing.T) {
	aliases := func(length, count int) string {
		return "a: &a " + strings.Repeat("x", length) + "\nb: [" + strings.Repeat("*a,", count) + "*a]\n"
	}
	for _, test := range []struct {
		rule, text string
		ok         bool
	}{
		{"size", "a: " + strings.Repeat("b", maxSize-len("a: ")), true},
		{"over the size", "a: " + strings.Repeat("b", maxSize-len("a: ")+1), false},
		{"nodes", "a: [" + strings.Repeat("b,", maxNodes/2-3) + "b]", true},
		{"over the nodes", "a: [" + strings.Repeat("b,", maxNodes/2-2) + "b]", false},
		// The text twice, and six bytes for what is around it.
		{"aliases", aliases((maxSize-6)/2-1, 0), true},
		{"over what aliases may stand for", aliases((maxSize-6)/2, 0), false},
	} {
		if _, err := Parse(test.text); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrTooMuch) {
			t.Errorf("%s: got %v, want it read: %v", test.rule, err, test.ok)
		}
	}
}
