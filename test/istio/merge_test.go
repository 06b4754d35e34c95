package istio_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// What pods bring along in proxy.istio.io/config is kept, in their own style,
// and Istio reads both theirs and ours.
func TestMergeWithThePodsOwnConfig(t *testing.T) {
	namespace := optedIn(t, plain)
	for _, test := range []struct {
		rule   string
		config string
		env    map[string]string // of istio-proxy, beside ours
		inside []string          // texts that PROXY_CONFIG must contain
		kept   []string          // texts that the annotation must still contain
	}{
		{
			rule:   "other proxyMetadata stays",
			config: "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: \"true\"\n",
			env:    map[string]string{"ISTIO_META_DNS_CAPTURE": "true"},
		},
		{
			rule:   "JSON stays JSON",
			config: `{"concurrency":3,"proxyMetadata":{"ISTIO_META_DNS_CAPTURE":"true"}}`,
			env:    map[string]string{"ISTIO_META_DNS_CAPTURE": "true"},
			inside: []string{`"concurrency":3`},
			kept:   []string{`{"concurrency":3,`},
		},
		{
			rule:   "snake case stays, and is extended where it is",
			config: "proxy_metadata:\n  ISTIO_META_DNS_CAPTURE: \"true\"\ntermination_drain_duration: 33s\n",
			env:    map[string]string{"ISTIO_META_DNS_CAPTURE": "true"},
			inside: []string{`"terminationDrainDuration":"33s"`},
			kept:   []string{"proxy_metadata:", "termination_drain_duration: 33s"},
		},
		{
			rule:   "fields that this Istio does not know survive",
			config: "fieldOfTheFuture: {a: [1, 2]}\nconcurrency: 4\n",
			inside: []string{`"concurrency":4`},
			kept:   []string{"fieldOfTheFuture: {a: [1, 2]}"},
		},
		{
			rule:   "comments survive",
			config: "# ours\nproxyMetadata: # and these\n  A: \"1\" # one\n",
			env:    map[string]string{"A": "1"},
			kept:   []string{"# ours", "# and these", "# one"},
		},
		{
			rule:   "two spellings: camelCase wins with Istio, so ours goes there",
			config: "proxy_metadata:\n  OLD: \"1\"\nproxyMetadata:\n  NEW: \"2\"\n",
			env:    map[string]string{"NEW": "2", "OLD": ""},
			kept:   []string{"OLD: \"1\""},
		},
		{
			rule:   "nested settings stay",
			config: "tracing:\n  sampling: 12.5\n  zipkin:\n    address: zipkin.observability:9411\nproxyStatsMatcher:\n  inclusionRegexps:\n  - \".*upstream_cx.*\"\n",
			inside: []string{`"sampling":12.5`, `"inclusionRegexps":[".*upstream_cx.*"]`},
		},
	} {
		t.Run(test.rule, func(t *testing.T) {
			pod := injected(t, annotated(newPod(namespace, "idle"), istio.ProxyConfigAnnotation, test.config))
			if got := sidecarEnv(t, pod, istio.IdleTimeoutMetadata); got != "48h" {
				t.Errorf("env %s: got %q, want 48h", istio.IdleTimeoutMetadata, got)
			}
			for key, want := range test.env {
				if got := sidecarEnv(t, pod, key); got != want {
					t.Errorf("env %s: got %q, want %q", key, got, want)
				}
			}
			text := strings.ReplaceAll(sidecarEnv(t, pod, "PROXY_CONFIG"), " ", "")
			for _, want := range test.inside {
				if !strings.Contains(text, want) {
					t.Errorf("PROXY_CONFIG: got %s, want it to contain %s", text, want)
				}
			}
			for _, want := range test.kept {
				if got := pod.Annotations[istio.ProxyConfigAnnotation]; !strings.Contains(got, want) {
					t.Errorf("annotation %s: got %q, want it to contain %q", istio.ProxyConfigAnnotation, got, want)
				}
			}
		})
	}
}

// The pod's own values win where the contract says so.
func TestThePodsOwnValues(t *testing.T) {
	namespace := optedIn(t, plain)
	for _, test := range []struct {
		rule   string
		wants  string
		config string
		idle   string // ISTIO_META_IDLE_TIMEOUT of istio-proxy
		drain  string // drainDuration in PROXY_CONFIG, if asked for
		warns  bool
	}{
		{rule: "an idle timeout that istiod reads wins over rules", wants: "idle", config: `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "12h"}`, idle: "12h"},
		{rule: "so does one that switches the timeout off", wants: "idle", config: `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "0s"}`, idle: "0s"},
		{rule: "one that istiod ignores is replaced, with a warning", wants: "idle", config: `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "2d"}`, idle: "48h", warns: true},
		{rule: "a number without a unit is ignored by istiod too", wants: "idle", config: `proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: "3600"}`, idle: "48h", warns: true},
		{rule: "the pod's own drainDuration wins over rules", wants: "drain", config: "drainDuration: 90s", drain: "90s"},
		{rule: "in snake case too", wants: "drain", config: "drain_duration: 91s", drain: "91s"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			pod, warnings := create(t, annotated(newPod(namespace, test.wants), istio.ProxyConfigAnnotation, test.config))
			if got := sidecarEnv(t, pod, istio.IdleTimeoutMetadata); got != test.idle {
				t.Errorf("env %s: got %q, want %q", istio.IdleTimeoutMetadata, got, test.idle)
			}
			if text := sidecarEnv(t, pod, "PROXY_CONFIG"); test.drain != "" && !strings.Contains(text, `"drainDuration":"`+test.drain+`"`) {
				t.Errorf("PROXY_CONFIG: got %s, want drainDuration %s", text, test.drain)
			}
			if warned := anyContains(warnings, "ISTIO_META_IDLE_TIMEOUT"); warned != test.warns {
				t.Errorf("got warnings %q, want one about the idle timeout: %t", warnings, test.warns)
			}
		})
	}
}

// A value that Istio denies is left alone: holdfast warns and names the fix,
// and Istio denies the pod with the very words that it uses without holdfast.
func TestInvalidValuesAreLeftAlone(t *testing.T) {
	with, without := optedIn(t, plain), sidecarOnly(t, plain)
	for _, test := range []struct {
		rule, wants, key, value string
	}{
		{"a number in proxyMetadata", "idle", istio.ProxyConfigAnnotation, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 0\n"},
		{"broken YAML", "idle", istio.ProxyConfigAnnotation, "proxyMetadata: {A: \"1\""},
		{"a text where a number is wanted", "drain", istio.ProxyConfigAnnotation, "concurrency: many\n"},
		{"a duration that is none", "drain", istio.ProxyConfigAnnotation, "drainDuration: soon\n"},
		{"a trailing comma in ports", "ports", istio.ExcludeOutboundPortsAnnotation, "3306,"},
		{"a range of ports", "ports", istio.ExcludeOutboundPortsAnnotation, "3306-3310"},
		{"all ports", "ports", istio.ExcludeOutboundPortsAnnotation, "*"},
		{"an address without prefix length", "ranges", istio.ExcludeOutboundIPRangesAnnotation, "10.0.0.1"},
		{"a blank between ranges", "ranges", istio.ExcludeOutboundIPRangesAnnotation, "10.0.0.0/8, 192.0.2.0/24"},
	} {
		t.Run(test.rule, func(t *testing.T) {
			_, _, plainErr := shared.mesh.CreatePod(t.Context(), annotated(newPod(without, test.wants), test.key, test.value), client.DryRunAll)
			if plainErr == nil {
				t.Fatalf("Istio admits %s: %q without holdfast: not a value that it denies", test.key, test.value)
			}
			_, warnings, err := shared.mesh.CreatePod(t.Context(), annotated(newPod(with, test.wants), test.key, test.value), client.DryRunAll)
			if err == nil {
				t.Fatalf("the pod was admitted: holdfast changed %s: %q", test.key, test.value)
			}
			if !strings.Contains(err.Error(), istioWords(plainErr)) {
				t.Errorf("denied with other words:\n%v\n%v", err, plainErr)
			}
			// Warnings are short: the annotation's name without its domain.
			if name := test.key[strings.LastIndex(test.key, "/")+1:]; !anyContains(warnings, name) {
				t.Errorf("got warnings %q, want one that names %s", warnings, name)
			}
		})
	}
}

// istioWords cuts off what names webhook and pod.
func istioWords(err error) string {
	_, words, _ := strings.Cut(err.Error(), "denied the request: ")
	return words
}

// Keys of an earlier outcome that no rule wants any more are removed, and the
// rest of the annotation stays.
func TestStaleKeysAreRemoved(t *testing.T) {
	pod := injected(t, annotated(newPod(optedIn(t, plain), "idle"),
		rules.KeepaliveAnnotation, "60s-10s-5",
		istio.ProxyConfigAnnotation, "proxyMetadata:\n  ISTIO_META_HOLDFAST: \"v1\"\n  ISTIO_META_HOLDFAST_DESTINATIONS_7: \"^stale$\"\n  ISTIO_META_HOLDFAST_KEEPALIVE: \"60s-10s-5\"\n  MINE: \"kept\"\n"))
	for _, key := range []string{istio.HoldfastMetadata, istio.DestinationsMetadataPrefix + "7", istio.KeepaliveMetadata} {
		if got := sidecarEnv(t, pod, key); got != "" {
			t.Errorf("env %s: got %q, want none", key, got)
		}
	}
	if got := sidecarEnv(t, pod, "MINE"); got != "kept" {
		t.Errorf("env MINE: got %q, want kept", got)
	}
	if got, ok := pod.Annotations[rules.KeepaliveAnnotation]; ok {
		t.Errorf("annotation %s: got %q, want none", rules.KeepaliveAnnotation, got)
	}
}
