package decide

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/internal/digest"
	"github.com/holdfast-mesh/holdfast/istio"
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

// A pod that has been through one set of rules, and perhaps its author's hands,
// and then goes through another.
func TestTakeBack(t *testing.T) {
	const (
		ports    = istio.ExcludeOutboundPortsAnnotation
		prefixes = istio.ExcludeOutboundIPRangesAnnotation
		config   = istio.ProxyConfigAnnotation
		idle     = istio.IdleTimeoutMetadata

		idle48   = "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 48h}\n"
		idle24   = "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 24h}\n"
		drain    = "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {drainDuration: 12h}\n"
		all      = "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 3h, scope: Destinations, drainDuration: 12h, keepalive: {time: 60s, interval: 30s, probes: 3}}\n"
		bypass   = "rules:\n- name: a\n  destinations: {ports: [3306, 6379], cidrs: [10.20.0.0/16]}\n  strategy: {bypass: Ports}\n- name: b\n  destinations: {cidrs: [10.20.0.0/16]}\n  strategy: {bypass: CIDRs}\n"
		bypass2  = "rules:\n- name: a\n  destinations: {ports: [5432]}\n  strategy: {bypass: Ports}\n"
		nobody   = "rules:\n- name: a\n  destinations: {ports: [6379]}\n  workloads: {namespaces: [nobody]}\n  strategy: {idleTimeout: 48h}\n"
		ends     = "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {sidecarStartsFirst: true, sidecarStopsLast: true}\n"
		observed = "mode: Observe\n" + idle48
	)
	metadata := func(lines ...string) string { return "proxyMetadata:\n  " + strings.Join(lines, "\n  ") + "\n" }
	tests := []struct {
		rule          string
		own           []string // pairs
		first, second string
		edit          map[string]string // by the author, between; "-" removes
		want          []string          // without AppliedAnnotation
		reason        rules.Reason
	}{
		{rule: "what rules said before does not win over what they say now", first: idle48, second: idle24, want: []string{config, metadata(idle + `: "24h"`)}, reason: rules.Patched},
		{rule: "and goes when they say nothing", first: idle48, second: nobody, want: nil, reason: rules.TakenBack},
		{rule: "a start and an end go as they came", own: []string{config, "concurrency: 2\n"}, first: ends, second: nobody, want: []string{config, "concurrency: 2\n"}, reason: rules.TakenBack},
		{
			rule: "and what said nothing before says nothing again", own: []string{config, "holdApplicationUntilProxyStarts: # mine\n" + metadata(istio.ExitOnZeroMetadata+": 'on' # one")},
			first: ends, second: nobody, want: []string{config, "holdApplicationUntilProxyStarts: # mine\n" + metadata(istio.ExitOnZeroMetadata+": 'on' # one")}, reason: rules.TakenBack,
		},
		{
			rule: "an end that the author has changed is the author's", first: ends, second: nobody,
			edit: map[string]string{config: "holdApplicationUntilProxyStarts: false\n" + metadata(istio.ExitOnZeroMetadata+`: "false"`)},
			want: []string{config, "holdApplicationUntilProxyStarts: false\n" + metadata(istio.ExitOnZeroMetadata+`: "false"`)}, reason: rules.TakenBack,
		},
		{rule: "or only observe", first: all, second: observed, want: nil, reason: rules.TakenBack},
		{rule: "with all that one rule wrote", own: []string{config, "concurrency: 2\n"}, first: all, second: nobody, want: []string{config, "concurrency: 2\n"}, reason: rules.TakenBack},
		{
			rule: "the author's list comes back as it was written", own: []string{ports, "25, 3306", prefixes, "10.1.2.3/8"},
			first: bypass, second: nobody, want: []string{ports, "25, 3306", prefixes, "10.1.2.3/8"}, reason: rules.TakenBack,
		},
		{rule: "an empty one too", own: []string{ports, ""}, first: bypass, second: nobody, want: []string{ports, ""}, reason: rules.TakenBack},
		{rule: "other ports take the place of those before", own: []string{ports, "25"}, first: bypass, second: bypass2, want: []string{ports, "25,5432"}, reason: rules.Patched},
		{
			rule: "a value that Istio ignores comes back, quotes and all", own: []string{config, metadata(idle + ": '2d' # mine")},
			first: idle48, second: nobody, want: []string{config, metadata(idle + ": '2d' # mine")}, reason: rules.TakenBack,
		},
		{
			rule: "keys of holdfast's that the author had come back", own: []string{config, metadata(istio.HoldfastMetadata+": v0", `MINE: "1"`), rules.KeepaliveAnnotation, "9s-9s-9"},
			first: all, second: nobody, want: []string{config, metadata(istio.HoldfastMetadata+": v0", `MINE: "1"`), rules.KeepaliveAnnotation, "9s-9s-9"}, reason: rules.TakenBack,
		},
		{
			rule: "a timeout that the author has changed is the author's", first: idle48, second: idle24,
			edit: map[string]string{config: metadata(idle + `: "72h"`)}, want: []string{config, metadata(idle + `: "72h"`)}, reason: rules.Patched,
		},
		{
			rule: "it stays when no rule matches", first: idle48, second: nobody,
			edit: map[string]string{config: metadata(idle + `: "72h"`)}, want: []string{config, metadata(idle + `: "72h"`)}, reason: rules.TakenBack,
		},
		{
			rule: "what the author has added stays, and what rules wrote beside it changes", first: idle48, second: idle24,
			edit: map[string]string{config: "concurrency: 2\n" + metadata(idle+`: "48h"`, `MINE: "1"`)},
			want: []string{config, "concurrency: 2\n" + metadata(`MINE: "1"`, idle+`: "24h"`)}, reason: rules.Patched,
		},
		{
			rule: "a comment that the author has added is no reason to lose it", first: drain, second: nobody,
			edit: map[string]string{config: "# mine\ndrainDuration: \"43200s\"\n"}, want: []string{config, "# mine\n"}, reason: rules.TakenBack,
		},
		{
			rule: "a list that the author has changed is the author's", first: bypass, second: bypass2,
			edit: map[string]string{ports: "3306,6379,9000"}, want: []string{ports, "3306,6379,9000,5432"}, reason: rules.Patched,
		},
		{
			rule: "an annotation that the author has removed stays away", first: all, second: nobody,
			edit: map[string]string{config: "-", rules.KeepaliveAnnotation: "-"}, want: nil, reason: rules.TakenBack,
		},
		{
			rule: "where the author has broken it, it is the author's", first: idle48, second: nobody,
			edit: map[string]string{config: "proxyMetadata: ["}, want: []string{config, "proxyMetadata: ["}, reason: rules.TakenBack,
		},
		{
			rule: "a pod that would be too large gets nothing, and loses what it had", own: []string{prefixes, "10.0.0.0/8"},
			first: bypass, second: networks(4000, 4000), want: []string{prefixes, "10.0.0.0/8"}, reason: rules.TooLarge,
		},
		{
			rule: "one that cannot take rules loses what it had of others", own: []string{ports, "1-2"},
			first: idle48, second: bypass2, want: []string{ports, "1-2"}, reason: rules.LeftAlone,
		},
		{
			rule: "without a record, only what is holdfast's by its name is taken back", own: []string{
				rules.AppliedAnnotation, `{"rules":["a"],"hash":"0123456789abcdef"}`, config, metadata(idle+`: "48h"`, istio.KeepaliveMetadata+`: "9s-9s-9"`),
				rules.KeepaliveAnnotation, "9s-9s-9", ports, "6379",
			},
			first: nobody, second: nobody, want: []string{config, metadata(idle + `: "48h"`), ports, "6379"}, reason: rules.NoRuleMatched,
		},
		{
			rule: "what a record says that cannot be so is not done", own: []string{
				rules.AppliedAnnotation, `{"rules":["a"],"wrote":{"` + idle + `":"48h","excludeOutboundPorts":"4:` + digest.Hex([]byte("3306"))[:8] + `"},"was":{"` + idle + `":"'a\"b'","MINE":"x","excludeOutboundPorts":"1-2"}}`,
				config, metadata(idle+`: "48h"`, `MINE: "1"`), ports, "3306",
			},
			first: nobody, second: nobody, want: []string{config, metadata(`MINE: "1"`), ports, "3306"}, reason: rules.NoRuleMatched,
		},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			pod := shopPod(test.own...)
			apply(pod, compileRules(t, test.first).Decide(pod, Options{}))
			for key, text := range test.edit {
				pod.Annotations[key] = text
				if text == "-" {
					delete(pod.Annotations, key)
				}
			}
			o := compileRules(t, test.second).Decide(pod, Options{})
			got := after(pod, o)
			want := shopPod(test.want...).Annotations
			if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			if o.Reason != test.reason {
				t.Errorf("got %s, %s; want %s", o.Reason, o.Detail, test.reason)
			}
			apply(pod, o)
			if _, ok := pod.Annotations[rules.AppliedAnnotation]; ok != (test.reason == rules.Patched) {
				t.Errorf("got %v, want %s exactly where rules are in force", pod.Annotations, rules.AppliedAnnotation)
			}
		})
	}
}

// A long list is not written down a second time, and comes back all the same.
func TestRecordIsCompact(t *testing.T) {
	var own []string
	for i := range 3000 {
		own = append(own, fmt.Sprintf("11.%d.%d.0/24", i>>8, i&0xff))
	}
	for _, last := range []string{"12.0.0.0/8", "12.1.2.3/8"} { // what is not canonical comes back as the same list
		list := strings.Join(own, ",") + "," + last
		pod := shopPod(istio.ExcludeOutboundIPRangesAnnotation, list, istio.ProxyConfigAnnotation, "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: \""+strings.Repeat("x", 5000)+"\"\n")
		apply(pod, compileRules(t, "rules:\n- name: a\n  destinations: {cidrs: [10.20.0.0/16]}\n  strategy: {bypass: CIDRs}\n- name: b\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 48h}\n").Decide(pod, Options{}))
		if got := pod.Annotations[rules.AppliedAnnotation]; len(got) > 300 {
			t.Errorf("got %d bytes of record, want few: %.400s", len(got), got)
		}
		apply(pod, compileRules(t, "rules:\n- name: a\n  destinations: {ports: [1]}\n  workloads: {namespaces: [nobody]}\n  strategy: {bypass: Ports}\n").Decide(pod, Options{}))
		if got, want := pod.Annotations[istio.ExcludeOutboundIPRangesAnnotation], strings.Replace(list, "12.1.2.3/8", "12.0.0.0/8", 1); got != want {
			t.Errorf("got a list of %d bytes back, want the author's %d", len(got), len(want))
		}
	}
}
