package merge

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
	"github.com/holdfast-mesh/holdfast/test/rulesfile"
)

// compile compiles rules given as YAML below "rules:".
func compile(t testing.TB, text string) []*Rule {
	t.Helper()
	return compileAll(rulesfile.Of(t, text))
}

func compileAll(file *rules.File) (list []*Rule) {
	var compiler Compiler
	for i := range file.Rules {
		list = append(list, new(compiler.Compile(&file.Rules[i])))
	}
	return list
}

// podWith is a pod with annotations in pairs.
func podWith(own ...string) Pod {
	pod := &rules.Pod{Annotations: map[string]string{}}
	for i := 0; i+1 < len(own); i += 2 {
		pod.Annotations[own[i]] = own[i+1]
	}
	return Pod{Mesh: &rules.MeshDefaults{}, Annotations: annotations.Of(pod)}
}

// apply edits a pod as a result says.
func apply(pod *Pod, r *Result) {
	for i, key := range annotations.Keys() {
		if slices.Contains(r.Remove, key) {
			pod.Annotations[i] = annotations.Value{}
		}
		for _, a := range r.Set {
			if a.Key == key {
				pod.Annotations[i] = annotations.Value{Text: a.Value, Present: true}
			}
		}
	}
}

func TestMerge(t *testing.T) {
	const (
		ports    = istio.ExcludeOutboundPortsAnnotation
		prefixes = istio.ExcludeOutboundIPRangesAnnotation
		config   = istio.ProxyConfigAnnotation
	)
	rule := func(name, destinations, strategy string) string {
		return fmt.Sprintf("- name: %s\n  destinations: {%s}\n  strategy: {%s}\n", name, destinations, strategy)
	}
	metadata := func(lines ...string) string {
		return "proxyMetadata:\n  " + strings.Join(lines, "\n  ") + "\n"
	}
	tests := []struct {
		rule    string
		rules   []string
		own     []string
		builtIn Targets
		mesh    rules.MeshDefaults
		want    []string // the managed annotations afterwards, in pairs
		codes   []rules.WarningCode
		names   []string // in force
		notes   []string
	}{
		{
			rule:  "ports are added to the pod's own, which stay first",
			rules: []string{rule("a", "ports: [6379, 3306]", "bypass: Ports")},
			own:   []string{ports, "9000, 25"},
			want:  []string{ports, "9000,25,3306,6379"}, names: []string{"a"},
		},
		{
			rule:  "a list that brings nothing new is not touched, not even its blanks",
			rules: []string{rule("a", "ports: [3306]", "bypass: Ports")},
			own:   []string{ports, "3306, 25"},
			want:  []string{ports, "3306, 25"}, names: []string{"a"},
		},
		{
			rule:  "an explicit empty list is the pod's own",
			rules: []string{rule("a", "ports: [3306]", "bypass: Ports")},
			own:   []string{ports, ""},
			want:  []string{ports, "3306"}, names: []string{"a"},
		},
		{
			rule:  "bypasses of several rules unite, sorted",
			rules: []string{rule("a", "ports: [6379]", "bypass: Ports"), rule("b", "ports: [3306, 6379]", "bypass: Ports"), rule("c", "cidrs: [10.20.0.0/16, 10.2.0.0/16]", "bypass: CIDRs"), rule("d", "cidrs: [10.1.0.0/16]", "bypass: CIDRs")},
			want:  []string{ports, "3306,6379", prefixes, "10.1.0.0/16,10.2.0.0/16,10.20.0.0/16"}, names: []string{"a", "b", "c", "d"},
		},
		{
			rule:  "the mesh's lists are kept, where the pod has none of its own",
			rules: []string{rule("a", "ports: [3306]", "bypass: Ports"), rule("b", "cidrs: [10.20.0.0/16]", "bypass: CIDRs")},
			own:   []string{ports, "9000"},
			mesh:  rules.MeshDefaults{ExcludeOutboundPorts: []uint16{25}, ExcludeOutboundIPRanges: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}},
			want:  []string{ports, "9000,3306", prefixes, "192.168.0.0/16,10.20.0.0/16"}, names: []string{"a", "b"},
		},
		{
			rule:  "a list that Istio rejects is left alone; other rules go on",
			rules: []string{rule("a", "ports: [3306]", "bypass: Ports"), rule("b", "ports: [6379]", "idleTimeout: 48h")},
			own:   []string{ports, "3306-3310"},
			want:  []string{ports, "3306-3310", config, metadata(`ISTIO_META_IDLE_TIMEOUT: "48h"`)},
			codes: []rules.WarningCode{rules.WarnPortsLeftAlone}, names: []string{"b"},
		},
		{
			rule:  "CIDRs that Istio rejects are left alone; nothing is in force then",
			rules: []string{rule("a", "cidrs: [10.20.0.0/16]", "bypass: CIDRs")},
			own:   []string{prefixes, "10.1.2.3"},
			want:  []string{prefixes, "10.1.2.3"},
			codes: []rules.WarningCode{rules.WarnPrefixesLeftAlone},
		},
		{
			rule:  "a ProxyConfig that Istio rejects is left alone",
			rules: []string{rule("a", "ports: [6379]", "idleTimeout: 48h, keepalive: {time: 2m, interval: 30s, probes: 3}")},
			own:   []string{config, "proxyMetadata: {A: 1}"},
			want:  []string{config, "proxyMetadata: {A: 1}"},
			codes: []rules.WarningCode{rules.WarnProxyConfigLeftAlone},
		},
		{
			rule:  "an own idle timeout wins, also a shorter one",
			rules: []string{rule("a", "ports: [6379]", "idleTimeout: 48h")},
			own:   []string{config, metadata(`ISTIO_META_IDLE_TIMEOUT: "10m"`)},
			want:  []string{config, metadata(`ISTIO_META_IDLE_TIMEOUT: "10m"`)}, names: []string{"a"},
		},
		{
			rule:  "an own idle timeout that Istio ignores does not win",
			rules: []string{rule("a", "ports: [6379]", "idleTimeout: 48h")},
			own:   []string{config, metadata(`ISTIO_META_IDLE_TIMEOUT: "2d"`)},
			want:  []string{config, metadata(`ISTIO_META_IDLE_TIMEOUT: "48h"`)},
			codes: []rules.WarningCode{rules.WarnIdleTimeoutReplaced}, names: []string{"a"},
		},
		{
			rule:  "start and end of a pod, beside another key",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true, idleTimeout: 48h"), rule("b", "ports: [3306]", "sidecarStopsLast: true")},
			want:  []string{config, "holdApplicationUntilProxyStarts: true\n" + metadata(`EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"`, `ISTIO_META_IDLE_TIMEOUT: "48h"`)},
			names: []string{"a", "b"},
		},
		{
			rule:  "an own no to either wins, in either spelling and in any form that Istio reads",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true, sidecarStopsLast: true")},
			own:   []string{config, "hold_application_until_proxy_starts: no\nproxy_metadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'F'}\n"},
			want:  []string{config, "hold_application_until_proxy_starts: no\nproxy_metadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'F'}\n"}, names: []string{"a"},
		},
		{
			rule:  "an own yes is left as it is written",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true, sidecarStopsLast: true")},
			own:   []string{config, "holdApplicationUntilProxyStarts: yes\nproxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: '1'}\n"},
			want:  []string{config, "holdApplicationUntilProxyStarts: yes\nproxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: '1'}\n"}, names: []string{"a"},
		},
		{
			rule:  "what says nothing is filled where it stands, and an end that Istio ignores does not win",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true, sidecarStopsLast: true")},
			own:   []string{config, "hold_application_until_proxy_starts:\nproxy_metadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'yes'}\n"},
			want:  []string{config, "hold_application_until_proxy_starts: true\nproxy_metadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: \"true\"}\n"},
			codes: []rules.WarningCode{rules.WarnExitOnZeroReplaced}, names: []string{"a"},
		},
		{
			rule:  "a start in quotes is one that Istio rejects",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true")},
			own:   []string{config, "holdApplicationUntilProxyStarts: 'true'\n"},
			want:  []string{config, "holdApplicationUntilProxyStarts: 'true'\n"},
			codes: []rules.WarningCode{rules.WarnProxyConfigLeftAlone},
		},
		{
			rule:    "what the sidecar does without an annotation is not written",
			rules:   []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true, sidecarStopsLast: true")},
			builtIn: StartsFirst | StopsLast, names: []string{"a"},
			notes: []string{"the sidecar starts first without an annotation", "the sidecar stops last without an annotation"},
		},
		{
			rule:  "which makes no difference to what else is wanted",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true"), rule("b", "ports: [6379]", "drainDuration: 12h, sidecarStopsLast: true")},
			want:  []string{config, "drainDuration: \"43200s\"\n"}, names: []string{"a", "b"},
			builtIn: StartsFirst | StopsLast,
			notes:   []string{"the sidecar starts first without an annotation", "the sidecar stops last without an annotation"},
		},
		{
			rule:    "and what no rule wants is not spoken of",
			rules:   []string{rule("a", "ports: [6379]", "sidecarStopsLast: true")},
			builtIn: StartsFirst,
			want:    []string{config, metadata(`EXIT_ON_ZERO_ACTIVE_CONNECTIONS: "true"`)}, names: []string{"a"},
		},
		{
			rule:  "an own drainDuration wins",
			rules: []string{rule("a", "ports: [6379]", "drainDuration: 12h")},
			own:   []string{config, "drainDuration: 10s\n"},
			want:  []string{config, "drainDuration: 10s\n"}, names: []string{"a"},
		},
		{
			rule:  "the longest idle timeout and drain win",
			rules: []string{rule("a", "ports: [1]", "idleTimeout: 24h, drainDuration: 12h"), rule("b", "ports: [2]", "idleTimeout: 48h, drainDuration: 1h")},
			want:  []string{config, "drainDuration: \"43200s\"\n" + metadata(`ISTIO_META_IDLE_TIMEOUT: "48h"`)}, names: []string{"a", "b"},
		},
		{
			rule:  "no timeout counts as the longest",
			rules: []string{rule("a", "ports: [1]", "idleTimeout: 0s"), rule("b", "ports: [2]", "idleTimeout: 48h")},
			want:  []string{config, metadata(`ISTIO_META_IDLE_TIMEOUT: "0s"`)}, names: []string{"a", "b"},
		},
		{
			rule:  "the most eager keepalive wins: time before interval before probes",
			rules: []string{rule("a", "ports: [1]", "keepalive: {time: 120s, interval: 30s, probes: 3}"), rule("b", "ports: [2]", "keepalive: {time: 60s, interval: 50s, probes: 9}"), rule("c", "ports: [3]", "keepalive: {time: 60s, interval: 50s, probes: 10}")},
			want:  []string{rules.KeepaliveAnnotation, "60s-50s-9", config, metadata(`ISTIO_META_HOLDFAST_KEEPALIVE: "60s-50s-9"`)}, names: []string{"a", "b", "c"},
		},
		{
			rule:  "of keepalives with one time, the shorter interval wins",
			rules: []string{rule("a", "ports: [1]", "keepalive: {time: 60s, interval: 50s, probes: 3}"), rule("b", "ports: [2]", "keepalive: {time: 60s, interval: 40s, probes: 9}")},
			want:  []string{rules.KeepaliveAnnotation, "60s-40s-9", config, metadata(`ISTIO_META_HOLDFAST_KEEPALIVE: "60s-40s-9"`)}, names: []string{"a", "b"},
		},
		{
			rule:  "destinations unite under the longest of their timeouts",
			rules: []string{rule("a", "ports: [3306]", "idleTimeout: 24h, scope: Destinations"), rule("b", "ports: [5432]", "idleTimeout: 48h, scope: Destinations")},
			want: []string{config, metadata(`ISTIO_META_HOLDFAST: "v1"`, `ISTIO_META_HOLDFAST_DESTINATIONS_1: "PATTERN"`,
				`ISTIO_META_HOLDFAST_IDLE_TIMEOUT_MS: "172800000"`)}, names: []string{"a", "b"},
		},
		{
			rule:  "no timeout for destinations is ten years, and counts as the longest",
			rules: []string{rule("a", "ports: [3306]", "idleTimeout: 24h, scope: Destinations"), rule("b", "ports: [5432]", "idleTimeout: 0s, scope: Destinations")},
			want: []string{config, metadata(`ISTIO_META_HOLDFAST: "v1"`, `ISTIO_META_HOLDFAST_DESTINATIONS_1: "PATTERN"`,
				`ISTIO_META_HOLDFAST_IDLE_TIMEOUT_MS: "315360000000"`)}, names: []string{"a", "b"},
		},
		{
			rule:  "stale keys and a stale keepalive go when any rule matches",
			rules: []string{rule("a", "ports: [3306]", "bypass: Ports")},
			own:   []string{rules.KeepaliveAnnotation, "1s-1s-1", config, metadata("# mine", `ISTIO_META_HOLDFAST_KEEPALIVE: "1s-1s-1"`, `MINE: "1"`)},
			want:  []string{config, metadata("# mine", `MINE: "1"`), ports, "3306"}, names: []string{"a"},
		},
		{
			rule:  "keys of one's own and comments stay",
			rules: []string{rule("a", "ports: [3306]", "idleTimeout: 48h")},
			own:   []string{config, "concurrency: 2 # cores\n" + metadata(`MINE: "1"`)},
			want:  []string{config, "concurrency: 2 # cores\n" + metadata(`MINE: "1"`, `ISTIO_META_IDLE_TIMEOUT: "48h"`)}, names: []string{"a"},
		},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			own := podWith(test.own...)
			own.Mesh, own.BuiltIn = &test.mesh, test.builtIn
			list := compile(t, "rules:\n"+strings.Join(test.rules, ""))
			r := Merge(list, own)
			pod := own
			apply(&pod, r)
			got := pod.Annotations
			got[annotations.Applied] = annotations.Value{}
			got[annotations.ProxyConfig].Text = maskPattern(got[annotations.ProxyConfig].Text)
			if diff := cmp.Diff(podWith(test.want...).Annotations, got); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			var codes []rules.WarningCode
			for _, w := range r.Warnings.All() {
				codes = append(codes, w.Code)
			}
			if !slices.Equal(codes, test.codes) || !slices.Equal(r.Rules, test.names) {
				t.Errorf("got rules %q and warnings %v, want %q and %q", r.Rules, r.Warnings.All(), test.names, test.codes)
			}
			if test.notes != nil && !slices.Equal(r.Notes, test.notes) {
				t.Errorf("got notes %q, want %q", r.Notes, test.notes)
			}
			// The same again changes nothing.
			if again := Merge(list, pod); len(again.Set)+len(again.Remove) > 0 || again.Hash != r.Hash {
				t.Errorf("got %v set, %v removed and hash %s on the own result, want nothing and %s", again.Set, again.Remove, again.Hash, r.Hash)
			}
			// The order of rules decides nothing here but the order of their names.
			slices.Reverse(list)
			if turned := Merge(list, own); turned.Hash != r.Hash {
				t.Errorf("with the rules in the other order: got hash %s, want %s", turned.Hash, r.Hash)
			}
		})
	}
}

// maskPattern hides what package istio is tested for.
func maskPattern(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if key, _, ok := strings.Cut(line, ": "); ok && strings.Contains(key, istio.DestinationsMetadataPrefix) {
			lines[i] = key + ": \"PATTERN\"\n"
		}
	}
	return strings.Join(lines, "")
}
