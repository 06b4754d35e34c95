package decide

import (
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/annotations"
)

// What rules made of a pod before makes no difference: a pod that has been
// through rules A and then through rules B is the pod that B alone makes. The
// same bytes, but where anchors, merges or an empty mapping were written out,
// or a key of holdfast's that the author had was removed and comes back.
func TestTakeBackProperty(t *testing.T) {
	var changed, back int
	rapid.Check(t, func(t *rapid.T) {
		a, b := Compile(drawFile(t)), Compile(drawFile(t))
		pod := drawPod(t)
		alone := &rules.Pod{}
		*alone = *pod
		own := maps.Clone(pod.Annotations)
		options := Options{ClusterWide: true}
		first := a.Decide(pod, options)
		apply(pod, first)
		second := b.Decide(pod, options)
		apply(pod, second)
		apply(alone, b.Decide(alone, options))
		if len(first.Set) > 0 && len(second.Set) > 0 {
			changed++
		}
		if second.Reason == rules.TakenBack {
			back++
		}
		samePod(t, own, pod.Annotations, alone.Annotations)
		if again := b.Decide(pod, options); len(again.Set)+len(again.Remove) > 0 {
			t.Fatalf("%v: got edits on the own result %v: set %v, remove %v", own, pod.Annotations, again.Set, again.Remove)
		}
	})
	if changed == 0 || back == 0 {
		t.Errorf("got %d pods that changed twice and %d taken back, want some of each: the property was not tested", changed, back)
	}
}

// samePod compares annotations: bytes, but where that cannot be.
func samePod(t *rapid.T, own, got, want map[string]string) {
	for _, key := range annotations.Keys() {
		g, hasG := got[key]
		w, hasW := want[key]
		config := own[istio.ProxyConfigAnnotation]
		reshaped := strings.ContainsAny(config, "&*") || strings.Contains(config, "<<") || strings.Contains(config, istio.HoldfastMetadataPrefix)
		switch {
		case hasG == hasW && g == w:
		case hasG != hasW || !reshaped:
			t.Fatalf("%s of %v: got %q (%v), want %q (%v)", key, own, g, hasG, w, hasW)
		case key == istio.ProxyConfigAnnotation:
			if !proxyconfig.Same(g, w) {
				t.Fatalf("%s of %v: got %q, want one that means %q", key, own, g, w)
			}
		case key == rules.AppliedAnnotation: // it has the hash of other bytes
		default:
			t.Fatalf("%s of %v: got %q, want %q", key, own, g, w)
		}
	}
}
