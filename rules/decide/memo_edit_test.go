package decide

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// A remembered edit says what an edit without the memo says: the second and
// third decision on a set equal the first one on a set of its own.
func TestEditMemoChangesNothing(t *testing.T) {
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

func TestEditMemo(t *testing.T) {
	// count is how many slots are taken.
	count := func(set *Set) int {
		n := 0
		for i := range set.edits.slots {
			if set.edits.slots[i].Load() != nil {
				n++
			}
		}
		return n
	}
	own := "# ours\nconcurrency: 2\n"
	pod := func(app, text string) *rules.Pod {
		p := shopPod(istio.ProxyConfigAnnotation, text)
		p.Labels["app"] = app
		return p
	}
	t.Run("a text is parsed once", func(t *testing.T) {
		set := load(t, twoTimeouts)
		for range 3 {
			set.Decide(pod("cart", own), Options{})
		}
		if n := count(set); n != 1 {
			t.Errorf("got %d entries, want 1", n)
		}
	})
	t.Run("the same text under other rules is another entry", func(t *testing.T) {
		set := load(t, twoTimeouts)
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
		set := load(t, twoTimeouts)
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
	t.Run("a long text is edited, but not kept", func(t *testing.T) {
		set := load(t, twoTimeouts)
		p := pod("cart", "# "+strings.Repeat("x", maxMemoEdit)+"\n"+own)
		if o := set.Decide(p, Options{}); o.Reason != rules.Patched {
			t.Errorf("got %s, want Patched", o.Reason)
		}
		// Below the limit before the edit, over it after.
		p = pod("cart", "# "+strings.Repeat("x", maxMemoEdit*3/4)+"\n"+own)
		if o := set.Decide(p, Options{}); o.Reason != rules.Patched {
			t.Errorf("got %s, want Patched", o.Reason)
		}
		if n := count(set); n != 0 {
			t.Errorf("got %d entries, want none", n)
		}
	})
	t.Run("the number of entries is bounded, and replaced ones still decide well", func(t *testing.T) {
		set := load(t, twoTimeouts)
		most := len(set.edits.slots)
		for i := range 4 * most {
			p := pod("cart", fmt.Sprintf("concurrency: %d\n", i))
			apply(p, set.Decide(p, Options{}))
			got := p.Annotations[istio.ProxyConfigAnnotation]
			if !strings.HasPrefix(got, fmt.Sprintf("concurrency: %d\n", i)) || !strings.Contains(got, `"48h"`) {
				t.Fatalf("pod %d: got %q", i, got)
			}
		}
		if n := count(set); n > most || n < most/2 {
			t.Errorf("got %d entries, want about %d and no more", n, most)
		}
	})
	t.Run("goroutines share it", func(t *testing.T) {
		set := load(t, twoTimeouts)
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

// A pod that brings a ProxyConfig of ten lines, as all pods of one Deployment
// do: known is what each but the first costs.
func BenchmarkDecideOwnProxyConfig(b *testing.B) {
	set := Compile(mixedRules(10))
	const own = `# tuned by the shop's team
concurrency: 2
tracing:
  sampling: 10
holdApplicationUntilProxyStarts: true
proxyMetadata:
  ISTIO_META_DNS_CAPTURE: "true"
  BOOTSTRAP_XDS_AGENT: "false"
terminationDrainDuration: 30s
statNameLength: 189
`
	pod := typicalPod()
	pod.Annotations[istio.ProxyConfigAnnotation] = own
	if o := set.Decide(pod, Options{}); o.Reason != rules.Patched || len(o.Warnings) != 0 {
		b.Fatalf("got %+v, want Patched", o)
	}
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			set.Decide(pod, Options{})
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			clear(set.edits.slots[:])
			set.Decide(pod, Options{})
		}
	})
}
