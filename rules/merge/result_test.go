package merge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/internal/digest"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// The record names the rules, and has the hash of what they made of the pod.
func TestAppliedText(t *testing.T) {
	list := compile(t, "rules:\n- name: mysql\n  destinations: {ports: [3306]}\n  strategy: {bypass: Ports}\n- name: other\n  destinations: {ports: [1]}\n  strategy: {bypass: Ports}\n")
	r := Merge(list, podWith())
	want := rules.Annotation{Key: rules.AppliedAnnotation, Value: `{"rules":["mysql","other"],"hash":"` + r.Hash + `","wrote":{"excludeOutboundPorts":"0:` + digest.Hex([]byte("1,3306"))[:8] + `"}}`}
	if r.Set[0] != want || len(r.Hash) != 16 {
		t.Errorf("got %+v, want %+v with a hash of 16 digits", r.Set[0], want)
	}
	// The hash is of the pod's outcome: another pod with it has the same, one
	// with another outcome has not.
	if again := Merge(list, podWith(istio.ExcludeOutboundPortsAnnotation, "7")); again.Hash == r.Hash {
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
	r := Merge(compile(t, "rules:\n"+text.String()), podWith())
	var got struct {
		Rules []string
		More  int
		Hash  string
	}
	if err := json.Unmarshal([]byte(r.Set[0].Value), &got); err != nil {
		t.Fatal(err)
	}
	if len(r.Set[0].Value) > 2048 || len(got.Rules) == 0 || len(got.Rules)+got.More != 3800 || got.Hash != r.Hash || len(r.Rules) != 3800 {
		t.Errorf("got %d bytes that name %d rules and %d more, want the result to have all of 3800 and the annotation few", len(r.Set[0].Value), len(got.Rules), got.More)
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
		if i == count/2 {
			text.WriteString("- name: between\n  destinations: {ports: [1]}\n  strategy: {idleTimeout: 48h}\n")
		}
		if i == count-1 {
			extra = ", drainDuration: 1h"
		}
		fmt.Fprintf(&text, "- name: r%d\n  destinations: {ports: [%d], cidrs: [\"2001:db8:%x:%x::/62\", 10.%d.64.0/19]}\n  strategy: {idleTimeout: 48h, scope: Destinations%s}\n",
			i, 20011+i*1117, 0x1234+i*0x111, 0xab00+i*4, i+11, extra)
	}
	pod := podWith()
	r := Merge(compile(t, text.String()), pod)
	apply(&pod, r)
	config, err := proxyconfig.Parse(pod.Annotations[annotations.ProxyConfig].Text)
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
	for _, w := range r.Warnings.All() {
		if w.Code == rules.WarnTooManyDestinations {
			left++
		}
	}
	if keys != istio.MaxDestinationKeys || left == 0 || r.Rules[0] != "r0" || len(r.Rules) >= count {
		t.Errorf("got %d keys, rules %q, warnings %v; want %d keys, the first rules, warnings for the others",
			keys, r.Rules, r.Warnings.All(), istio.MaxDestinationKeys)
	}
	if last := r.Rules[len(r.Rules)-1]; last != fmt.Sprintf("r%d", count-1) {
		t.Errorf("got %s as the last rule in force, want the one with a drainDuration too", last)
	}
	for _, w := range r.Warnings.All() {
		if !strings.HasSuffix(w.Text(), w.Message) {
			t.Errorf("got a warning of %d bytes, which no client gets to see whole: %s", len(w.Message), w.Message)
		}
	}
}

// Lists that no rule asks for are no part of the hash: the injector writes there too.
func TestHash(t *testing.T) {
	list := compile(t, "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 48h}\n")
	want := Merge(list, podWith()).Hash
	if got := Merge(list, podWith(istio.ExcludeOutboundPortsAnnotation, "25", istio.ExcludeOutboundIPRangesAnnotation, "10.1.0.0/16")).Hash; got != want {
		t.Errorf("got hash %s with lists, want %s", got, want)
	}
}

// The objects of the mesh are named that the annotations wait for, and no others.
func TestMeshObjects(t *testing.T) {
	const (
		alive  = "- name: alive\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 2h, keepalive: {time: 2m, interval: 30s, probes: 3}}\n"
		eager  = "- name: eager\n  destinations: {ports: [6379]}\n  strategy: {keepalive: {time: 1m, interval: 30s, probes: 3}}\n"
		scoped = "- name: scoped\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 2h, scope: Destinations}\n"
		bypass = "- name: bypass\n  destinations: {ports: [3306]}\n  strategy: {bypass: Ports}\n"
	)
	for _, test := range []struct {
		rule, rules string
		pod         Pod
		want        []string
	}{
		{"of every strategy that needs one", scoped + alive, podWith(), []string{"holdfast-destinations-v1", "holdfast-keepalive-120s-30s-3"}},
		{"of the keepalive that wins, once", alive + eager, podWith(), []string{"holdfast-keepalive-60s-30s-3"}},
		{"none for what Istio reads itself", bypass, podWith(), nil},
		{"none where nothing is written", scoped + alive + bypass, podWith(istio.ProxyConfigAnnotation, "concurrency: [1]"), nil},
	} {
		if got := Merge(compile(t, "rules:\n"+test.rules), test.pod).MeshObjects; !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.rule, got, test.want)
		}
	}
}

// Nothing can be put in force where the pod's own values are no good, and why is said.
func TestWhyLeftAlone(t *testing.T) {
	const (
		ports  = "- name: a\n  destinations: {ports: [3306]}\n  strategy: {bypass: Ports}\n"
		ranges = "- name: b\n  destinations: {cidrs: [10.20.0.0/16]}\n  strategy: {bypass: CIDRs}\n"
		idle   = "- name: c\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 48h}\n"
		denied = "Istio will deny this pod for its own "
	)
	for _, test := range []struct {
		rule  string
		rules string
		pod   Pod
		want  string
		warns string // the beginning of the first warning
	}{
		{"Istio rejects the one list", ports, podWith(istio.ExcludeOutboundPortsAnnotation, "3306,"), denied + "traffic.sidecar.istio.io/excludeOutboundPorts", "Istio will deny this pod, excludeOutboundPorts: "},
		{
			"Istio rejects all three", ports + ranges + idle, podWith(istio.ExcludeOutboundPortsAnnotation, "x", istio.ExcludeOutboundIPRangesAnnotation, "y", istio.ProxyConfigAnnotation, "["),
			denied + "proxy.istio.io/config, traffic.sidecar.istio.io/excludeOutboundIPRanges, traffic.sidecar.istio.io/excludeOutboundPorts", "Istio will deny this pod, excludeOutboundPorts: ",
		},
		{"Istio takes it, and no edit is safe", idle, podWith(istio.ProxyConfigAnnotation, "a: 1\n"+strings.Repeat("b: {}\n", 10_000)), "the pod's own proxy.istio.io/config has no safe edit, see the warning", "proxy.istio.io/config left alone, no safe edit: "},
	} {
		r := Merge(compile(t, "rules:\n"+test.rules), test.pod)
		warnings := r.Warnings.All()
		if got := r.WhyLeftAlone(); got != test.want || len(r.Rules)+len(r.Set)+len(r.Remove) > 0 || len(warnings) == 0 {
			t.Fatalf("%s: got %q, rules %q, %d edits, %v; want %q, no rule, no edit, warnings", test.rule, got, r.Rules, len(r.Set)+len(r.Remove), warnings, test.want)
		}
		if !strings.HasPrefix(warnings[0].Message, test.warns) {
			t.Errorf("%s: got warning %q, want one that begins with %q", test.rule, warnings[0].Message, test.warns)
		}
	}
}

// A ProxyConfig counts three times, also one that no rule asks for, which counts as what its
// aliases stand for; lists count once.
func TestSizes(t *testing.T) {
	const (
		lists = "rules:\n- name: a\n  destinations: {ports: [3306]}\n  strategy: {bypass: Ports}\n- name: b\n  destinations: {cidrs: [10.20.0.0/16]}\n  strategy: {bypass: CIDRs}\n"
		idle  = "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {idleTimeout: 48h}\n"
		bytes = len("3306") + len("10.20.0.0/16")
	)
	plain, aliased := "a: "+strings.Repeat("x", 100), "a: &a "+strings.Repeat("x", 100)+"\nb: [*a, *a]\n"
	for _, test := range []struct {
		rule, rules, own string
		least, lists     int
	}{
		{"lists alone", lists, "", 0, bytes},
		{"a ProxyConfig that no rule asks for", lists, plain, len(plain), bytes},
		{"one with aliases", lists, aliased, 300, bytes},
		{"one that no rule can edit", lists, "&[", len("&["), bytes},
		{"one that is written", idle, "", len(`{"proxyMetadata":{"ISTIO_META_IDLE_TIMEOUT":"48h"}}`), 0},
	} {
		pod := podWith()
		if test.own != "" {
			pod = podWith(istio.ProxyConfigAnnotation, test.own)
		}
		r := Merge(compile(t, test.rules), pod)
		if r.ConfigSize < test.least || r.ConfigSize > test.least*13/10 || r.Copies != 3*r.ConfigSize+test.lists {
			t.Errorf("%s: got a ProxyConfig of %d bytes and copies of %d, want %d or a little more, and three times that with lists of %d", test.rule, r.ConfigSize, r.Copies, test.least, test.lists)
		}
	}
}

// In force is what the pod's own values neither make unusable nor overrule.
func TestInForce(t *testing.T) {
	list := compile(t, "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {sidecarStartsFirst: true, sidecarStopsLast: true, drainDuration: 12h}\n- name: b\n  destinations: {ports: [6379]}\n  strategy: {bypass: Ports}\n")
	for config, want := range map[string]Targets{
		"": StartsFirst | StopsLast | Drain | Ports,
		"holdApplicationUntilProxyStarts: false\n":                    StopsLast | Drain | Ports,
		"holdApplicationUntilProxyStarts: true\n":                     StartsFirst | StopsLast | Drain | Ports,
		"proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'false'}\n": StartsFirst | Drain | Ports,
		"proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: '1'}\n":     StartsFirst | StopsLast | Drain | Ports,
		"[": Ports,
	} {
		if got := Merge(list, podWith(istio.ProxyConfigAnnotation, config)).InForce; got != want {
			t.Errorf("%q: got targets %b in force, want %b", config, got, want)
		}
	}
}
