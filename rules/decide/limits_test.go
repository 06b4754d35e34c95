package decide

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

const idleRedis = `rules:
- name: redis
  destinations: {ports: [6379]}
  strategy: {idleTimeout: 48h}
`

// networks are rules a, b, ... of n networks each.
func networks(n ...int) string {
	text := "rules:\n"
	for rule, n := range n {
		text += fmt.Sprintf("- name: %c\n  destinations: {cidrs: [10.0.0.0/24", 'a'+rule)
		for i := 1; i < n; i++ {
			text += fmt.Sprintf(",1%d.%d.%d.0/24", rule, i>>8+100, i&0xff)
		}
		text += "]}\n  strategy: {bypass: CIDRs}\n"
	}
	return text
}

// patchedBytes is how many bytes all annotations have after the outcome.
func patchedBytes(pod *rules.Pod, o rules.Outcome) int {
	patched := *pod
	apply(&patched, o)
	return annotationBytes(&patched)
}

// leftAlone wants a pod left alone for its size, with what names limit and rule.
func leftAlone(t *testing.T, o rules.Outcome, words ...string) {
	t.Helper()
	if o.Reason != rules.TooLarge || len(o.Set)+len(o.Remove) > 0 || len(o.Warnings) != 1 || o.Warnings[0].Code != rules.WarnTooLarge {
		t.Fatalf("got %s (%s), %d edits, %v; want TooLarge, no edit, one warning", o.Reason, o.Detail, len(o.Set)+len(o.Remove), o.Warnings)
	}
	for _, word := range words {
		if !strings.Contains(o.Warnings[0].Message, word) {
			t.Errorf("got warning %q, want %q in it", o.Warnings[0].Message, word)
		}
	}
}

func patchedOnly(t *testing.T, o rules.Outcome) {
	t.Helper()
	if o.Reason != rules.Patched || len(o.Warnings) > 0 {
		t.Fatalf("got %s (%s), %v; want Patched without warnings", o.Reason, o.Detail, o.Warnings)
	}
}

// All annotations together end 16 KiB below what the API server takes, to the byte.
func TestAnnotationsLimit(t *testing.T) {
	set := compileRules(t, idleRedis)
	room := maxAnnotations - patchedBytes(shopPod("mine", ""), set.Decide(shopPod("mine", ""), Options{}))
	full := shopPod("mine", strings.Repeat("x", room))
	o := set.Decide(full, Options{})
	patchedOnly(t, o)
	if got := patchedBytes(full, o); got != maxAnnotations || maxAnnotations != 262144-16384 {
		t.Errorf("got %d bytes of annotations, want %d", got, 262144-16384)
	}
	leftAlone(t, set.Decide(shopPod("mine", strings.Repeat("x", room+1)), Options{}), "redis", "annotations", "245761", "245760")
	// A pod that is over the limit by itself.
	leftAlone(t, set.Decide(shopPod("mine", strings.Repeat("x", 261_550)), Options{}), "redis", "annotations", "245760")

	// What others add between two calls is no news.
	apply(full, o)
	full.Annotations[istio.StatusAnnotation] = strings.Repeat("s", 476)
	if again := set.Decide(full, Options{}); again.Reason != rules.AlreadyApplied || len(again.Warnings) > 0 {
		t.Errorf("after the injector: got %s, %v, want AlreadyApplied", again.Reason, again.Warnings)
	}
}

// The injector copies containers that the author gave its own names into an
// annotation; with them the same limit holds.
func TestAnnotationsLimitWithOwnSidecar(t *testing.T) {
	set := compileRules(t, idleRedis)
	pod := shopPod("mine", strings.Repeat("x", 200_000))
	pod.Containers = []rules.Container{{Name: "istio-proxy"}}
	pod.Size = annotationBytes(pod) + 40_000
	patchedOnly(t, set.Decide(pod, Options{}))
	pod.Size += 10_000
	leftAlone(t, set.Decide(pod, Options{}), "redis", "annotations")
	pod.Containers[0].Name = "app"
	patchedOnly(t, set.Decide(pod, Options{}))
}

// The whole object, with what Istio will make of the annotations, stays below
// 1.4 MiB.
func TestObjectLimit(t *testing.T) {
	for _, test := range []struct {
		rule   string
		rules  string
		own    string // proxy.istio.io/config
		copies int    // what Istio makes of the result, in bytes, at least
	}{
		{"a ProxyConfig is written down three times", idleRedis, "", 3 * len(`"ISTIO_META_IDLE_TIMEOUT":"48h"`)},
		{"the pod's own part of it too", idleRedis, "proxyMetadata: {A: " + strings.Repeat("a", 30_000) + "}", 90_000},
		{"a list is an argument too", networks(3000), "", len(strings.Repeat("10.101.1.0/24,", 3000)) * 9 / 10},
		{"a ProxyConfig that no rule asks for counts", networks(1), "proxyMetadata: {A: " + strings.Repeat("a", 30_000) + "}", 90_000},
		{"as what its aliases stand for", networks(1), "a: &a " + strings.Repeat("a", 1000) + "\nb: [" + strings.Repeat("*a,", 100) + "]", 300_000},
	} {
		t.Run(test.rule, func(t *testing.T) {
			set := compileRules(t, test.rules)
			decide := func(size int) rules.Outcome {
				pod := shopPod()
				if test.own != "" {
					pod.Annotations[istio.ProxyConfigAnnotation] = test.own
				}
				pod.Size = size
				return set.Decide(pod, Options{})
			}
			first := decide(0)
			patchedOnly(t, first)
			// The largest object that is still patched.
			low, high := 0, maxObject
			for high-low > 1 {
				if middle := (low + high) / 2; decide(middle).Reason == rules.Patched {
					low = middle
				} else {
					high = middle
				}
			}
			added := 0
			for _, a := range first.Set {
				added += len(a.Value)
			}
			if test.own != "" && strings.Contains(test.rules, "idle") {
				added -= len(test.own)
			}
			if room := maxObject - low - added; room < test.copies || room > test.copies*13/10+1000 {
				t.Errorf("got %d bytes kept free for what Istio writes, want %d", room, test.copies)
			}
			leftAlone(t, decide(high), "the pod", fmt.Sprint(maxObject))
			leftAlone(t, decide(3<<19), "the pod", fmt.Sprint(maxObject))
		})
	}
}

// A list becomes one argument of istio-init, PROXY_CONFIG is one variable.
func TestValueLimit(t *testing.T) {
	longest := 0 // list of two rules that unite, each of which is fine
	for n := 3100; n < 3300; n += 50 {
		set := compileRules(t, networks(n, n))
		o := set.Decide(shopPod(), Options{})
		if o.Reason == rules.TooLarge {
			leftAlone(t, o, "excludeOutboundIPRanges", fmt.Sprint(istio.MaxValueBytes), "rule a ")
			continue
		}
		patchedOnly(t, o)
		longest = max(longest, len(after(shopPod(), o)[istio.ExcludeOutboundIPRangesAnnotation]))
	}
	if longest > istio.MaxValueBytes || longest < istio.MaxValueBytes-2000 {
		t.Errorf("got a list of %d bytes at most, want just under %d", longest, istio.MaxValueBytes)
	}

	set := compileRules(t, idleRedis)
	longest = 0
	for n := istio.MaxValueBytes - 200; n < istio.MaxValueBytes; n += 10 {
		own := "proxyMetadata: {A: " + strings.Repeat("a", n) + "}"
		pod := shopPod(istio.ProxyConfigAnnotation, own)
		o := set.Decide(pod, Options{})
		if o.Reason == rules.TooLarge {
			leftAlone(t, o, "PROXY_CONFIG", fmt.Sprint(istio.MaxValueBytes), "rule redis ")
			continue
		}
		patchedOnly(t, o)
		longest = n
	}
	if most := istio.MaxValueBytes - len(`{"proxyMetadata":{"A":"","ISTIO_META_IDLE_TIMEOUT":"48h"}}`); longest > most || longest < most-100 {
		t.Errorf("got an own value of %d bytes at most, want just under %d", longest, most)
	}
	// What no rule changes is the author's affair.
	patchedOnly(t, compileRules(t, bypassMySQL).Decide(shopPod(istio.ProxyConfigAnnotation, "proxyMetadata: {A: "+strings.Repeat("a", 100_000)+"}"), Options{}))
}

// The rule that is named is the one with the longest list.
func TestLargestRuleIsNamed(t *testing.T) {
	text := networks(10, 6000) + strings.TrimPrefix(idleRedis, "rules:\n")
	leftAlone(t, compileRules(t, text).Decide(shopPod("mine", strings.Repeat("x", 200_000)), Options{}), "rule b ")
}

// An observing rule promises nothing that would not be done.
func TestTooLargeObserved(t *testing.T) {
	set := compileRules(t, "mode: Observe\n"+idleRedis)
	if o := set.Decide(shopPod("mine", strings.Repeat("x", maxAnnotations)), Options{}); o.Reason != rules.Observed || len(o.Would) > 0 {
		t.Errorf("got %s, would %v; want Observed and no promise", o.Reason, o.Would)
	}
	if o := set.Decide(shopPod(), Options{}); len(o.Would) == 0 {
		t.Error("got no promise for a pod with room, want one")
	}
}

// Rules match, and nothing of them can be put in force: the pod is left alone,
// and why is said.
func TestLeftAlone(t *testing.T) {
	o := compileRules(t, bypassMySQL).Decide(shopPod(istio.ExcludeOutboundPortsAnnotation, "3306,"), Options{})
	if o.Reason != rules.LeftAlone || len(o.Set)+len(o.Remove)+len(o.Rules) > 0 || !strings.HasPrefix(o.Detail, "Istio will deny this pod for its own ") || len(o.Warnings) != 1 {
		t.Errorf("got %s (%s), %d edits, %v; want LeftAlone with the reason, no edit, a warning", o.Reason, o.Detail, len(o.Set)+len(o.Remove), o.Warnings)
	}
	// One of two can be put in force.
	both := bypassMySQL + strings.TrimPrefix(idleRedis, "rules:\n")
	if o := compileRules(t, both).Decide(shopPod(istio.ExcludeOutboundPortsAnnotation, "x"), Options{}); o.Reason != rules.Patched || len(o.Warnings) != 1 {
		t.Errorf("got %s, %v; want Patched with a warning", o.Reason, o.Warnings)
	}
}

// The size of a ProxyConfig is no less than what JSON takes.
func TestConfigSize(t *testing.T) {
	config, err := proxyconfig.Parse("concurrency: 4\nproxyMetadata: {A: \"<b>\"}\n")
	if err != nil {
		t.Fatal(err)
	}
	want := len(`{"concurrency":4,"proxyMetadata":{"A":"\u003cb\u003e","B":"c"},"drainDuration":"45s"}`)
	if got := config.Size(proxyconfig.Edit{SetMetadata: map[string]string{"B": "c"}, SetFields: map[proxyconfig.Field]string{proxyconfig.DrainDuration: "45s"}}); got < want || got > want+60 {
		t.Errorf("got %d bytes, want %d or a little more", got, want)
	}
}
