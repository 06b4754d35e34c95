package decide

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/internal/digest"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

// after is a pod's annotations once an outcome is applied, without
// AppliedAnnotation.
func after(pod *rules.Pod, o rules.Outcome) map[string]string {
	edited := &rules.Pod{Annotations: pod.Annotations}
	apply(edited, o)
	delete(edited.Annotations, rules.AppliedAnnotation)
	return edited.Annotations
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
		rule  string
		rules []string
		own   []string
		want  []string // the managed annotations afterwards, in pairs
		codes []rules.WarningCode
		names []string // in force
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
			rules: []string{rule("a", "ports: [6379]", "bypass: Ports"), rule("b", "ports: [3306, 6379]", "bypass: Ports"), rule("c", "cidrs: [10.20.0.0/16]", "bypass: CIDRs"), rule("d", "cidrs: [10.1.0.0/16]", "bypass: CIDRs")},
			want:  []string{ports, "3306,6379", prefixes, "10.1.0.0/16,10.20.0.0/16"}, names: []string{"a", "b", "c", "d"},
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
			rule:  "a native sidecar starts first and stops last without an annotation",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true, sidecarStopsLast: true")},
			own:   []string{istio.NativeSidecarAnnotation, "true"},
			want:  []string{istio.NativeSidecarAnnotation, "true"}, names: []string{"a"},
		},
		{
			rule:  "which makes no difference to what else is wanted",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true"), rule("b", "ports: [6379]", "drainDuration: 12h, sidecarStopsLast: true")},
			own:   []string{istio.NativeSidecarAnnotation, "true"},
			want:  []string{istio.NativeSidecarAnnotation, "true", config, "drainDuration: \"43200s\"\n"}, names: []string{"a", "b"},
		},
		{
			rule:  "only this word makes it native",
			rules: []string{rule("a", "ports: [6379]", "sidecarStartsFirst: true")},
			own:   []string{istio.NativeSidecarAnnotation, "false"},
			want:  []string{istio.NativeSidecarAnnotation, "false", config, "holdApplicationUntilProxyStarts: true\n"}, names: []string{"a"},
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
			set := compileRules(t, "rules:\n"+strings.Join(test.rules, ""))
			pod := shopPod(test.own...)
			o := set.Decide(pod, Options{})
			got := after(pod, o)
			if text, ok := got[config]; ok {
				got[config] = maskPattern(text)
			}
			want := shopPod(test.want...).Annotations
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			var codes []rules.WarningCode
			for _, w := range o.Warnings {
				codes = append(codes, w.Code)
			}
			if !slices.Equal(codes, test.codes) || !slices.Equal(o.Rules, test.names) {
				t.Errorf("got rules %q and warnings %v, want %q and %q", o.Rules, o.Warnings, test.names, test.codes)
			}
			// The order of rules decides nothing here but the order of their names.
			slices.Reverse(test.rules)
			turned := compileRules(t, "rules:\n"+strings.Join(test.rules, "")).Decide(pod, Options{})
			if diff := cmp.Diff(o.Hash, turned.Hash); diff != "" {
				t.Errorf("with the rules in the other order (-want +got):\n%s", diff)
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

func TestAppliedText(t *testing.T) {
	set := compileRules(t, bypassMySQL+"- name: other\n  destinations: {ports: [1]}\n  strategy: {bypass: Ports}\n")
	pod := shopPod()
	o := set.Decide(pod, Options{})
	want := rules.Annotation{Key: rules.AppliedAnnotation, Value: `{"rules":["mysql","other"],"hash":"` + o.Hash + `","wrote":{"excludeOutboundPorts":"0:` + digest.Hex([]byte("1,3306"))[:8] + `"}}`}
	if o.Set[0] != want || len(o.Hash) != 16 {
		t.Errorf("got %+v, want %+v with a hash of 16 digits", o.Set[0], want)
	}
	// The hash is of the pod's outcome: another pod with it has the same, one
	// with another outcome has not.
	other := shopPod(istio.ExcludeOutboundPortsAnnotation, "7")
	if again := set.Decide(other, Options{}); again.Hash == o.Hash {
		t.Errorf("got the same hash %s for another outcome", again.Hash)
	}
}

// Thousands of rules that match one pod take no more of its annotations than a
// few do, and none is told twice.
func TestAppliedIsBounded(t *testing.T) {
	var text strings.Builder
	for i := range 3800 {
		fmt.Fprintf(&text, "- name: %s-%d\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 48h}\n", strings.Repeat("x", 40), i)
	}
	pod := shopPod()
	o := compileRules(t, "rules:\n"+text.String()).Decide(pod, Options{})
	var got struct {
		Rules []string
		More  int
		Hash  string
	}
	if err := json.Unmarshal([]byte(o.Set[0].Value), &got); err != nil {
		t.Fatal(err)
	}
	if o.Reason != rules.Patched || len(o.Set[0].Value) > 2048 || len(got.Rules) == 0 || len(got.Rules)+got.More != 3800 || got.Hash != o.Hash || len(o.Rules) != 3800 {
		t.Errorf("got %s, %d bytes that name %d rules and %d more, want the outcome to have all of 3800 and the annotation few", o.Reason, len(o.Set[0].Value), len(got.Rules), got.More)
	}
}

// Observing rules change nothing and show what they would.
func TestObserve(t *testing.T) {
	set := compileRules(t, bypassMySQL+"- name: redis\n  mode: Observe\n  destinations: {ports: [6379]}\n  strategy: {bypass: Ports}\n")
	o := set.Decide(shopPod(), Options{})
	value := func(list []rules.Annotation) string {
		i := slices.IndexFunc(list, func(a rules.Annotation) bool { return a.Key == istio.ExcludeOutboundPortsAnnotation })
		return list[i].Value
	}
	if o.Reason != rules.Patched || value(o.Set) != "3306" || value(o.Would) != "3306,6379" ||
		!slices.Equal(o.Rules, []string{"mysql"}) || !slices.Equal(o.Observed, []string{"redis"}) {
		t.Errorf("got %+v, want 3306 set and 3306,6379 shown", o)
	}
	if len(o.Warnings) != 1 || o.Warnings[0].Code != rules.WarnObserved || !strings.Contains(o.Warnings[0].Message, "redis") {
		t.Errorf("got %v, want one warning that names redis", o.Warnings)
	}
}

// Rules whose patterns do not fit into the keys are left out, later ones first;
// what else such a rule does is done.
func TestTooManyDestinations(t *testing.T) {
	var text strings.Builder
	text.WriteString("rules:\n")
	const count = 24
	for i := range count {
		extra := ""
		if i == count-1 {
			extra = ", drainDuration: 1h"
		}
		fmt.Fprintf(&text, "- name: r%d\n  destinations: {ports: [%d], cidrs: [\"2001:db8:%x:%x::/62\", 10.%d.64.0/19]}\n  strategy: {idleTimeout: 48h, scope: Destinations%s}\n",
			i, 20011+i*1117, 0x1234+i*0x111, 0xab00+i*4, i+11, extra)
	}
	set := compileRules(t, text.String())
	pod := shopPod()
	o := set.Decide(pod, Options{})
	config, err := proxyconfig.Parse(after(pod, o)[istio.ProxyConfigAnnotation])
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, key := range config.MetadataKeys() {
		if strings.HasPrefix(key, istio.DestinationsMetadataPrefix) {
			keys++
		}
	}
	left := 0
	for _, w := range o.Warnings {
		if w.Code == rules.WarnTooManyDestinations {
			left++
		}
	}
	if keys != istio.MaxDestinationKeys || left == 0 || o.Rules[0] != "r0" || len(o.Rules) >= count {
		t.Errorf("got %d keys, rules %q, warnings %v; want %d keys, the first rules, warnings for the others",
			keys, o.Rules, o.Warnings, istio.MaxDestinationKeys)
	}
	if last := o.Rules[len(o.Rules)-1]; last != fmt.Sprintf("r%d", count-1) {
		t.Errorf("got %s as the last rule in force, want the one with a drainDuration too", last)
	}
	for _, w := range o.Warnings {
		if !seenWhole(&w) {
			t.Errorf("got a warning of %d bytes, which no client gets to see whole: %s", len(w.Message), w.Message)
		}
	}
}
