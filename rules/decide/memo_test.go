package decide

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// A remembered result says what one without the memo says: the second and
// third decision on a set equal the first one on a set of its own.
func TestMemoChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file := drawFile(t)
		shared := Compile(file)
		for range 3 {
			pod := drawPod(t)
			want := Compile(file).Decide(pod, Options{})
			for range 2 {
				if diff := cmp.Diff(want, shared.Decide(pod, Options{}), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("with a memo that has seen other pods (-without +with):\n%s", diff)
				}
			}
		}
	})
}

// What is remembered of pods is told to no other pod:
// every decision equals the one on a set that has seen nobody.
func TestMemo(t *testing.T) {
	text := `rules:
- name: db
  destinations: {ports: [3306]}
  strategy: {bypass: Ports}
- name: net
  destinations: {cidrs: [10.9.0.0/16]}
  strategy: {bypass: CIDRs}
- name: alive
  destinations: {ports: [6379]}
  strategy: {idleTimeout: 48h, keepalive: {time: 120s, interval: 30s, probes: 3}}
`
	var many strings.Builder // more rules than patterns fit, and than warnings are told
	many.WriteString("rules:\n")
	for i := range 40 {
		fmt.Fprintf(&many, "- name: r%d\n  destinations: {ports: [%d], cidrs: [\"2001:db8:%x:%x::/62\", 10.%d.64.0/19]}\n  strategy: {idleTimeout: 48h, scope: Destinations}\n",
			i, 20011+i*1117, 0x1234+i*0x111, 0xab00+i*4, i+11)
	}
	inMesh := func(ports ...uint16) *rules.Pod {
		pod := shopPod()
		pod.Mesh = &rules.MeshDefaults{ExcludeOutboundPorts: ports}
		return pod
	}
	ends := "rules:\n- name: a\n  destinations: {ports: [6379]}\n  strategy: {sidecarStartsFirst: true, sidecarStopsLast: true}\n"
	bare, startsFirst := shopPod(), inMesh()
	startsFirst.Mesh.StartsFirst = true
	decided := shopPod()
	for _, a := range compileRules(t, text).Decide(bare, Options{}).Set {
		decided.Annotations[a.Key] = a.Value
	}
	for name, test := range map[string]struct {
		text string
		pods []*rules.Pod
	}{
		// The mesh's own exclusions are part of the result.
		"meshes": {text, []*rules.Pod{bare, inMesh(25), inMesh(5432, 25), bare, inMesh()}},
		// So is what the pod has without an annotation.
		"native": {ends, []*rules.Pod{bare, shopPod(istio.NativeSidecarAnnotation, "true"), startsFirst, bare}},
		// So is what each pod draws, and a template draws nothing.
		"lots": {jittered, []*rules.Pod{drawing(0.1), drawing(0.9), drawing(0), drawing(0.1), drawing(0)}},
		// So is each annotation that holdfast may change, alone.
		"applied":   {text, []*rules.Pod{bare, shopPod(rules.AppliedAnnotation, decided.Annotations[rules.AppliedAnnotation]), bare}},
		"keepalive": {text, []*rules.Pod{bare, shopPod(rules.KeepaliveAnnotation, decided.Annotations[rules.KeepaliveAnnotation]), bare}},
		"ports":     {text, []*rules.Pod{bare, shopPod(istio.ExcludeOutboundPortsAnnotation, "25"), bare}},
		"ranges":    {text, []*rules.Pod{bare, shopPod(istio.ExcludeOutboundIPRangesAnnotation, "10.1.0.0/16"), bare}},
		"config":    {text, []*rules.Pod{bare, shopPod(istio.ProxyConfigAnnotation, "concurrency: 2"), bare}},
		"all":       {text, []*rules.Pod{bare, decided, bare, decided}},
		// Warnings come again, and those left out are counted again.
		"warnings": {many.String(), []*rules.Pod{bare, bare, bare}},
	} {
		t.Run(name, func(t *testing.T) {
			shared := compileRules(t, test.text)
			for i, pod := range test.pods {
				want := compileRules(t, test.text).Decide(pod, Options{})
				if diff := cmp.Diff(want, shared.Decide(pod, Options{}), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("pod %d (-without +with a memory):\n%s", i, diff)
				}
				if name == "warnings" && want.Warnings[len(want.Warnings)-1].Code != rules.WarnMore {
					t.Fatalf("got warnings %v, want more than are told", want.Warnings)
				}
			}
		})
	}
}

const jittered = `rules:
- name: a
  destinations: {ports: [6379]}
  strategy: {drainDuration: 12h, drainJitter: 25}
`

// drawing is a pod that draws a lot.
func drawing(lot float64) *rules.Pod {
	pod := shopPod()
	pod.Lot = lot
	return pod
}

const twoTimeouts = `rules:
- name: cart
  destinations: {ports: [6379]}
  workloads: {podSelector: {matchLabels: {app: cart}}}
  strategy: {idleTimeout: 48h, drainDuration: 1h}
- name: order
  destinations: {ports: [6379]}
  workloads: {podSelector: {matchLabels: {app: order}}}
  strategy: {idleTimeout: 24h, drainDuration: 1h}
`

func TestMemoOfConfigs(t *testing.T) {
	own := "# ours\nconcurrency: 2\n"
	pod := func(app, text string) *rules.Pod {
		p := shopPod(istio.ProxyConfigAnnotation, text)
		p.Labels["app"] = app
		return p
	}
	t.Run("the same text under other rules is another entry", func(t *testing.T) {
		set := compileRules(t, twoTimeouts)
		for range 2 {
			for app, want := range map[string]string{"cart": `"48h"`, "order": `"24h"`} {
				p := pod(app, own)
				apply(p, set.Decide(p, Options{}))
				if got := p.Annotations[istio.ProxyConfigAnnotation]; !strings.Contains(got, want) {
					t.Errorf("%s: got %q, want it to have %s", app, got, want)
				}
			}
		}
	})
	t.Run("errors, warnings and notes are remembered too", func(t *testing.T) {
		set := compileRules(t, twoTimeouts)
		for _, text := range []string{"a: [", "proxyMetadata: {ISTIO_META_IDLE_TIMEOUT: 2d}\n", "drainDuration: 75s\n"} {
			first := set.Decide(pod("cart", text), Options{})
			if diff := cmp.Diff(first, set.Decide(pod("cart", text), Options{})); diff != "" {
				t.Errorf("%q again:\n%s", text, diff)
			}
			if len(first.Warnings) == 0 && !strings.Contains(first.Detail, "wins over") {
				t.Errorf("%q: got neither warning nor note: %+v", text, first)
			}
		}
	})
	t.Run("replaced entries still decide well", func(t *testing.T) {
		set := compileRules(t, twoTimeouts)
		for i := range 4 * len(set.memo.slots) {
			p := pod("cart", fmt.Sprintf("concurrency: %d\n", i))
			apply(p, set.Decide(p, Options{}))
			got := p.Annotations[istio.ProxyConfigAnnotation]
			if !strings.HasPrefix(got, fmt.Sprintf("concurrency: %d\n", i)) || !strings.Contains(got, `"48h"`) {
				t.Fatalf("pod %d: got %q", i, got)
			}
		}
	})
	t.Run("goroutines share it", func(t *testing.T) {
		set := compileRules(t, twoTimeouts)
		done := make(chan string)
		for worker := range 4 {
			go func() {
				for i := range 200 {
					p := pod("cart", fmt.Sprintf("concurrency: %d\n", i%40))
					apply(p, set.Decide(p, Options{}))
					if got := p.Annotations[istio.ProxyConfigAnnotation]; !strings.HasPrefix(got, fmt.Sprintf("concurrency: %d\n", i%40)) {
						done <- fmt.Sprintf("worker %d: got %q for pod %d", worker, got, i)
						return
					}
				}
				done <- ""
			}()
		}
		for range 4 {
			if wrong := <-done; wrong != "" {
				t.Error(wrong)
			}
		}
	})
}

// What the memo keeps is bounded, whatever pods bring: large values are decided
// upon and not kept, and nothing that is kept holds on to a pod's own text.
func TestMemoIsBounded(t *testing.T) {
	for i, key := range annotations.Keys() {
		small, large := []int{1, maxEntry / 8}, []int{maxEntry - 100, maxEntry + 1, 4 * maxEntry}
		for _, size := range append(small, large...) {
			set := compileRules(t, twoTimeouts)
			text := "# " + strings.Repeat("x", size) + "\n"
			pod := shopPod(key, text)
			if o := set.Decide(pod, Options{}); o.Reason != rules.Patched {
				t.Fatalf("%s with %d bytes: got %+v, want Patched", key, size, o)
			}
			var kept []*entry
			for j := range set.memo.slots {
				if e := set.memo.slots[j].Load(); e != nil {
					kept = append(kept, e)
				}
			}
			if want := slices.Contains(small, size); len(kept) == 1 != want {
				t.Errorf("%s with %d bytes: got %d entries, want one: %v", key, size, len(kept), want)
			}
			for _, e := range kept {
				if unsafe.StringData(e.pod.Annotations[i].Text) == unsafe.StringData(text) {
					t.Errorf("%s: the memo holds on to the pod's own text", key)
				}
			}
		}
	}
}

// A pod that many rules match is decided upon, and not kept.
func TestMemoOfManyRules(t *testing.T) {
	for count, want := range map[int]bool{maxEntryRules: true, maxEntryRules + 1: false} {
		file := &rules.File{}
		for i := range count {
			file.Rules = append(file.Rules, rules.Rule{
				Name: fmt.Sprint("r", i), Destinations: rules.Destinations{Ports: []ports.Range{port(1)}}, Strategy: rules.Strategy{Bypass: rules.BypassPorts},
			})
		}
		set := Compile(file)
		first := set.merge(shopPod(), allOf(set))
		if got := set.merge(shopPod(), allOf(set)) == first; got != want {
			t.Errorf("%d rules: got them remembered: %v, want %v", count, got, want)
		}
	}
}

// allOf are all rules of a set.
func allOf(set *Set) []int32 {
	list := make([]int32, len(set.rules))
	for i := range list {
		list[i] = int32(i)
	}
	return list
}
