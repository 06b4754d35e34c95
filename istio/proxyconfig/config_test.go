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
		{name: "key provider with a delay", text: "privateKeyProvider: {cryptomb: {pollDelay: 1s}}"},
		{name: "key provider with half a delay", text: "privateKeyProvider: {qat: {pollDelay: 0.5s}}"},
		{name: "no key provider", text: "privateKeyProvider: {}", wantErr: "got no provider, want cryptomb or qat"},
		{name: "empty binary path", text: "binaryPath: ''", wantErr: "line 1: binaryPath: got an empty text"},
		{name: "empty cluster", text: "serviceCluster: ''", wantErr: "line 1: serviceCluster: got an empty text"},
		{name: "tracing service name", text: "tracingServiceName: CANONICAL_NAME_ONLY"},
		{name: "lowest port", text: "statusPort: 1\nproxyAdminPort: 1\n"},
		{name: "highest port", text: "statusPort: 65535\nproxyAdminPort: 65535\n"},
		{name: "port too high", text: "statusPort: 65536", wantErr: "statusPort: got port 65536"},
		{name: "admin port", text: "proxyAdminPort: 0", wantErr: "proxyAdminPort: got port 0"},
		{name: "policy", text: "controlPlaneAuthPolicy: NONE"},
		{name: "policy, mutual", text: "controlPlaneAuthPolicy: MUTUAL_TLS"},
		{name: "policy, neither", text: "controlPlaneAuthPolicy: 7", wantErr: "line 1: controlPlaneAuthPolicy: got 7, want NONE or MUTUAL_TLS"},
		{name: "statsd", text: "statsdUdpAddress: '10.0.0.1:9125'"},
		{name: "statsd without port", text: "statsdUdpAddress: statsd", wantErr: `statsdUdpAddress: got address "statsd", want host:port`},
		{name: "metrics service", text: "envoyMetricsService: {address: 'a:b'}", wantErr: `envoyMetricsService: got address "a:b" with port "b", want a number`},
		{name: "access log service", text: "envoyAccessLogService: {address: 'a:0'}", wantErr: "envoyAccessLogService: got port 0"},
		{name: "address with an IPv6", text: "discoveryAddress: '[::1]:15012'"},
		{name: "address with a trailing dot", text: "discoveryAddress: 'istiod.:15012'"},
		{name: "address with two dots", text: "discoveryAddress: 'istiod..:15012'", wantErr: "want a DNS name or an IP address"},
		{name: "address with a number", text: "discoveryAddress: 'istiod.1:15012'", wantErr: "want a DNS name or an IP address"},
		{name: "address with a label of 63", text: "discoveryAddress: '" + strings.Repeat("a", 63) + ".b:1'"},
		{name: "address with a label of 64", text: "discoveryAddress: '" + strings.Repeat("a", 64) + ".b:1'", wantErr: "want a DNS name"},
		{name: "address of 255", text: "discoveryAddress: '" + strings.Repeat("a.", 127) + "b:1'"},
		{name: "address of 256", text: "discoveryAddress: '" + strings.Repeat("a.", 127) + "bb:1'", wantErr: "want a DNS name"},
		{name: "address without a host", text: "discoveryAddress: ':1'", wantErr: "want a DNS name"},
		{name: "zipkin at the node", text: "tracing: {zipkin: {address: '$(HOST_IP):9411'}}"},
		{name: "datadog", text: "tracing: {datadog: {address: '$(HOST_IP)'}}", wantErr: "tracing: datadog: got address"},
		{name: "lightstep", text: "tracing: {lightstep: {address: 'l:1', accessToken: t}}"},
		{name: "lightstep without token", text: "tracing: {lightstep: {address: 'l:1'}}", wantErr: "lightstep: got no accessToken"},
		{name: "lightstep without address", text: "tracing: {lightstep: {accessToken: t}}", wantErr: "lightstep: got address"},
		{name: "credential in a ConfigMap", text: "tracing: {tlsSettings: {credentialName: 'configmap://x'}}", wantErr: "want a secret"},
		{name: "insecure, simple", text: "tracing: {tlsSettings: {mode: SIMPLE, insecureSkipVerify: true}}"},
		{name: "insecure and certificates", text: "tracing: {tlsSettings: {mode: SIMPLE, insecureSkipVerify: true, caCertificates: c}}", wantErr: "got insecureSkipVerify beside"},
		{name: "insecure and a credential", text: "tracing: {tlsSettings: {mode: SIMPLE, insecureSkipVerify: true, credentialName: c}}", wantErr: "got insecureSkipVerify beside"},
		{name: "insecure and names", text: "tracing: {tlsSettings: {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [a]}}", wantErr: "got insecureSkipVerify beside"},
		{name: "insecure, mutual, certificates", text: "tracing: {tlsSettings: {mode: MUTUAL, insecureSkipVerify: true, caCertificates: c}}", wantErr: "got insecureSkipVerify beside caCertificates or"},
		{name: "insecure, mutual, names", text: "tracing: {tlsSettings: {mode: MUTUAL, insecureSkipVerify: true, subjectAltNames: [a]}}", wantErr: "got insecureSkipVerify beside caCertificates or"},
		{name: "credential alone", text: "tracing: {tlsSettings: {mode: MUTUAL, credentialName: c}}"},
		{name: "credential and key", text: "tracing: {tlsSettings: {mode: MUTUAL, credentialName: c, privateKey: k}}", wantErr: "got credentialName beside certificates"},
		{name: "credential and client certificate", text: "tracing: {tlsSettings: {mode: SIMPLE, credentialName: c, clientCertificate: k}}", wantErr: "got credentialName beside certificates"},
		{name: "credential and CA", text: "tracing: {tlsSettings: {mode: SIMPLE, credentialName: c, caCertificates: k}}", wantErr: "got credentialName beside certificates"},
		{name: "credential and revocations", text: "tracing: {tlsSettings: {mode: SIMPLE, credentialName: c, caCrl: k}}", wantErr: "got credentialName beside certificates"},
		{name: "credential, TLS off", text: "tracing: {tlsSettings: {credentialName: c, caCrl: k}}"},
		{name: "mutual without key", text: "tracing: {tlsSettings: {mode: MUTUAL, clientCertificate: c}}", wantErr: "got mode MUTUAL without"},
		{name: "mutual without certificate", text: "tracing: {tlsSettings: {mode: MUTUAL, privateKey: c}}", wantErr: "got mode MUTUAL without"},
		{name: "mutual", text: "tracing: {tlsSettings: {mode: MUTUAL, clientCertificate: c, privateKey: k}}"},
		{name: "buffer limits", text: "connectionSettings: {listenerPerConnectionBufferLimitBytes: 0, http2InitialStreamWindowSize: 65535, httpMaxConcurrentStreams: 1}"},
		{name: "buffer limit", text: "connectionSettings: {clusterPerConnectionBufferLimitBytes: -1}", wantErr: "clusterPerConnectionBufferLimitBytes: got -1, want at least 0"},
		{name: "window", text: "connectionSettings: {http2InitialConnectionWindowSize: 65534}", wantErr: "got 65534, want at least 65535"},
		{name: "timeouts", text: "connectionSettings: {httpIdleTimeout: 0s}"},
		{name: "timeout below zero", text: "connectionSettings: {httpIdleTimeout: -1s}", wantErr: "httpIdleTimeout: got -1s, want at least 0s"},
		// The injection template pastes values between quotes.
		{name: "quote", text: `proxyMetadata: {A: 'x"y'}`, wantErr: "line 1: proxyMetadata.A: got characters that break Istio's injection template"},
		{name: "backslash", text: `proxyMetadata: {A: '\d'}`, wantErr: "injection template"},
		{name: "backslash that YAML knows", text: `proxyMetadata: {A: '\n'}`},
		{name: "line break", text: `proxyMetadata: {A: "x\ny"}`},
		{name: "odd keys and values that stand for themselves", text: "proxyMetadata: {A b: 'ö', 'é': \"x\ny\", longer_name: \"\\tz\"}"},
		{name: "number as key", text: "proxyMetadata: {1: a}", wantErr: "proxyMetadata.1: got characters"},
		{name: "one bad of many", text: "proxyMetadata: {é: a, 'ä': b, B: 'x\"y', ö: c}", wantErr: "line 1: proxyMetadata.B: got characters"},
		{name: "five letters", text: "proxyMetadata: {FALSE: a}", wantErr: "proxyMetadata.false: got characters"},
		{name: "long value", text: "proxyMetadata: " + strings.Repeat("x", 41), wantErr: `proxyMetadata: got the text "` + strings.Repeat("x", 41) + `", want`},
		{name: "longer value", text: "proxyMetadata: " + strings.Repeat("x", 42), wantErr: `proxyMetadata: got the text "` + strings.Repeat("x", 39) + `..., want`},
		{name: "boolean as key", text: "proxyMetadata: {yes: a}", wantErr: "proxyMetadata.true: got characters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.text)
			checkError(t, err, test.wantErr)
		})
	}
}

func TestProxyConfigView(t *testing.T) {
	config, err := Parse("proxy_metadata: {C: d}\ndrain_duration: 60s\nhold_application_until_proxy_starts: No\nx: &x {M: m, B: other}\n" +
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
	if got, ok := config.Field(DrainDuration); !ok || got != "60s" {
		t.Errorf("drainDuration: got %q, %v, want 60s", got, ok)
	}
	empty, err := Parse("")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := config.Field(HoldApplication); !ok || got != "false" {
		t.Errorf("holdApplicationUntilProxyStarts: got %q, %v, want false", got, ok)
	}
	for _, text := range []string{"holdApplicationUntilProxyStarts: ~\n", "holdApplicationUntilProxyStarts:\nhold_application_until_proxy_starts: true\n"} {
		config, err := Parse(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got, ok := config.Field(HoldApplication); ok {
			t.Errorf("%q: got %q, want none: Istio reads null as nothing, and not the other spelling", text, got)
		}
	}
	if _, ok := empty.Field(DrainDuration); ok || len(empty.MetadataKeys()) > 0 {
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
		{"drain", "", Edit{SetFields: map[Field]string{DrainDuration: "1500ms"}}, "drainDuration: got \"1500ms\", want whole seconds"},
		{"boolean", "", Edit{SetFields: map[Field]string{HoldApplication: "yes"}}, "holdApplicationUntilProxyStarts: got \"yes\", want true or false"},
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
