package decide

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	yaml "go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/istio/proxyconfig"
	"github.com/holdfast-mesh/holdfast/rules"
)

// Words from small sets, so that rules and pods meet often.

// What holds for every pod and every valid set of rules.
func TestDecisionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := Compile(drawFile(t))
		pod := drawPod(t)
		before := maps.Clone(pod.Annotations)
		options := Options{ClusterWide: rapid.Bool().Draw(t, "cluster-wide")}
		o, verdicts := set.Explain(pod, options)

		// The index leads to the same rules as asking each of them, and a decision
		// does not vary.
		for range 2 {
			if diff := cmp.Diff(o, set.Decide(pod, options)); diff != "" {
				t.Fatalf("Decide differs from Explain:\n%s", diff)
			}
		}
		if !maps.Equal(before, pod.Annotations) {
			t.Fatalf("deciding changed the pod: %v, was %v", pod.Annotations, before)
		}
		var named []string
		for _, v := range verdicts {
			if v.Matched && v.Mode == rules.Observe {
				named = append(named, v.Rule)
			}
			if v.Matched != (v.Reason == rules.VerdictMatched) || v.Detail == "" {
				t.Fatalf("got verdict %+v, want a reason that agrees and a detail", v)
			}
		}
		if (o.Reason == rules.Observed || o.Reason == rules.Patched) && !slices.Equal(named, o.Observed) {
			t.Fatalf("got observed %q, want %q", o.Observed, named)
		}
		checkEdits(t, pod, o)

		// Applying the result and deciding again changes nothing.
		apply(pod, o)
		again := set.Decide(pod, options)
		if len(again.Set)+len(again.Remove) > 0 {
			t.Fatalf("got edits on the own result: set %v, remove %v", again.Set, again.Remove)
		}
		switch o.Reason {
		case rules.Patched, rules.AlreadyInjected, rules.AlreadyApplied:
			if again.Reason != rules.AlreadyApplied || again.Hash != o.Hash || !slices.Equal(again.Rules, o.Rules) {
				t.Fatalf("got %+v on the own result, want AlreadyApplied with the hash and rules of %+v", again, o)
			}
		case rules.TakenBack:
			if again.Reason != rules.NoRuleMatched && again.Reason != rules.Observed {
				t.Fatalf("got %s after taking back, want nothing to do", again.Reason)
			}
		default:
			if again.Reason != o.Reason {
				t.Fatalf("got %s, then %s", o.Reason, again.Reason)
			}
		}
	})
}

// checkEdits says that edits are minimal, sorted, of keys that holdfast
// manages, and that Istio accepts what it accepted or had not seen before.
func checkEdits(t *rapid.T, pod *rules.Pod, o rules.Outcome) {
	keys := []string{}
	for _, a := range o.Set {
		keys = append(keys, a.Key)
		if own, ok := pod.Annotations[a.Key]; ok && own == a.Value {
			t.Fatalf("got an edit of %s that changes nothing", a.Key)
		}
		var err error
		switch a.Key {
		case rules.AppliedAnnotation:
		case rules.KeepaliveAnnotation:
			_, err = istio.ParseKeepalive(a.Value)
		case istio.ExcludeOutboundPortsAnnotation:
			err = keepsAll(istio.ParsePorts, pod.Annotations[a.Key], a.Value, istio.FormatPorts)
		case istio.ExcludeOutboundIPRangesAnnotation:
			err = keepsAll(istio.ParsePrefixes, pod.Annotations[a.Key], a.Value, istio.FormatPrefixes)
		case istio.ProxyConfigAnnotation:
			err = sameMetadata(pod.Annotations[a.Key], a.Value)
		default:
			t.Fatalf("got an edit of %s, which is not holdfast's", a.Key)
		}
		if err != nil {
			t.Fatalf("%s: %q: %v", a.Key, a.Value, err)
		}
	}
	if !slices.IsSorted(keys) {
		t.Fatalf("got edits in the order %q, want them sorted", keys)
	}
	for _, key := range o.Remove {
		_, there := pod.Annotations[key]
		_, ours := pod.Annotations[rules.AppliedAnnotation]
		if isOurs := key == rules.KeepaliveAnnotation || ours && key == rules.AppliedAnnotation; !there || !isOurs {
			t.Fatalf("got %s removed, want at most an existing annotation of holdfast's", key)
		}
	}
	for _, w := range o.Warnings {
		if !seenWhole(&w) || strings.Contains(w.Message, "\n") || !slices.Contains(rules.WarningCodes(), w.Code) {
			t.Fatalf("got warning %+v, want one line that clients see whole, with a known code", w)
		}
	}
}

// keepsAll says that a list is in Istio's grammar, as holdfast writes it, and
// holds all that it held.
func keepsAll[T comparable](parse func(string) ([]T, error), before, after string, format func([]T) string) error {
	was, err := parse(before)
	if err != nil {
		return fmt.Errorf("edited although Istio rejects it: %w", err)
	}
	is, err := parse(after)
	if err != nil {
		return err
	}
	if format(is) != after || after == "" || len(slices.Compact(slices.Sorted(slices.Values(strings.Split(after, ","))))) != len(is) {
		return fmt.Errorf("got %q, want items once, without blanks, canonical", after)
	}
	for _, item := range was {
		if text := format([]T{item}); !slices.Contains(strings.Split(after, ","), text) {
			return fmt.Errorf("got %q, want %s kept", after, text)
		}
	}
	return nil
}

// sameMetadata says that Istio accepts the new text and that the author's own
// keys, metadata and comments are still there.
func sameMetadata(before, after string) error {
	was, err := proxyconfig.Parse(before)
	if err != nil {
		return fmt.Errorf("edited although Istio rejects it: %w", err)
	}
	is, err := proxyconfig.Parse(after)
	if err != nil {
		return err
	}
	for _, key := range was.MetadataKeys() {
		if strings.HasPrefix(key, istio.HoldfastMetadataPrefix) {
			continue
		}
		old, _ := was.Metadata(key)
		_, invalid := istio.ParseIdleTimeout(old)
		_, noBoolean := strconv.ParseBool(old)
		isIgnored := key == istio.IdleTimeoutMetadata && invalid != nil || key == istio.ExitOnZeroMetadata && noBoolean != nil
		if got, ok := is.Metadata(key); (!ok || got != old) && !isIgnored {
			return fmt.Errorf("metadata %s: got %q, want %q kept", key, got, old)
		}
	}
	for _, f := range proxyconfig.Fields() {
		if had, ok := was.Field(f); ok {
			if has, _ := is.Field(f); has != had {
				return fmt.Errorf("%s: got %q, want the own %q", f, has, had)
			}
		}
	}
	if diff := cmp.Diff(othersIn(before), othersIn(after)); diff != "" {
		return fmt.Errorf("other keys changed:\n%s", diff)
	}
	for _, comment := range []string{"# mine", "# one"} {
		if strings.Contains(before, comment) && !strings.Contains(after, comment) {
			return fmt.Errorf("comment %q is gone", comment)
		}
	}
	return nil
}

// othersIn are the top-level values of a ProxyConfig that holdfast has no say in.
func othersIn(text string) map[string]any {
	others := map[string]any{}
	if err := yaml.Load([]byte(text), &others); err != nil && text != "" {
		return map[string]any{"unreadable": err.Error()}
	}
	for _, key := range []string{"proxyMetadata", "proxy_metadata", "drainDuration", "holdApplicationUntilProxyStarts", "hold_application_until_proxy_starts"} {
		delete(others, key)
	}
	if others == nil { // "null"
		return map[string]any{}
	}
	return others
}

// A set may be used by many goroutines at once; the race detector watches.
func TestConcurrentDecisions(t *testing.T) {
	set := Compile(mixedRules(50))
	want := set.Decide(typicalPod(), Options{})
	done := make(chan rules.Outcome)
	const workers = 8
	for range workers {
		go func() {
			var o rules.Outcome
			for range 50 {
				o = set.Decide(typicalPod(), Options{})
			}
			done <- o
		}()
	}
	for range workers {
		if diff := cmp.Diff(want, <-done); diff != "" {
			t.Error(diff)
		}
	}
}
