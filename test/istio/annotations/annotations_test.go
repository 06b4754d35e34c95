package annotations_test

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/util/protomarshal"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// cases is how many pods are judged, unless -rapid.checks says otherwise.
const cases = "100000"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		if err := flag.Set("rapid.checks", cases); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// owned are the annotations of Istio that holdfast writes.
var owned = []string{
	istio.ProxyConfigAnnotation,
	istio.ExcludeOutboundPortsAnnotation,
	istio.ExcludeOutboundIPRangesAnnotation,
}

// For any pod and any valid rules: what Istio accepted before it accepts
// after, what it rejected is left alone, every setting that the user had is
// still there as Istio reads it, and deciding again changes nothing.
func TestIstioAcceptsWhatHoldfastWrites(t *testing.T) {
	seen := map[string]int{}
	defer func() { checkSeen(t, seen) }()
	rapid.Check(t, func(t *rapid.T) {
		text := rulesFile.Draw(t, "rules file")
		file, problems := load.Rules("rules.yaml", []byte(text))
		if file == nil {
			t.Fatalf("the generator must write valid rules:\n%s\n%v", text, problems)
		}
		set := decide.Compile(file)
		before := pod.Draw(t, "pod")
		outcome := set.Decide(before, decide.Options{})
		after := applied(before, outcome)
		seen["cases"]++
		for _, key := range owned {
			if own, had := before.Annotations[key]; had && inject.AnnotationValidation[key](own) != nil {
				seen["rejected "+key]++
			} else if had && own != after.Annotations[key] {
				seen["changed "+key]++
			}
			checkAccepted(t, key, before.Annotations, after.Annotations)
		}
		checkConfigKept(t, before.Annotations[istio.ProxyConfigAnnotation], after.Annotations[istio.ProxyConfigAnnotation])
		again := set.Decide(after, decide.Options{})
		if len(again.Set) > 0 || len(again.Remove) > 0 {
			t.Errorf("deciding twice changes it again: set %v, remove %v", again.Set, again.Remove)
		}
	})
}

// checkSeen makes sure that the generators reach what the property is about:
// each kind in at least one case of a hundred.
func checkSeen(t *testing.T, seen map[string]int) {
	t.Logf("%v", seen)
	for _, key := range owned {
		for _, kind := range []string{"rejected ", "changed "} {
			if count := seen[kind+key]; count*100 < seen["cases"] && !t.Failed() {
				t.Errorf("%s%s: got %d of %d cases, want at least one of a hundred", kind, key, count, seen["cases"])
			}
		}
	}
}

// applied is the pod after the outcome.
func applied(before *rules.Pod, outcome rules.Outcome) *rules.Pod {
	after := *before
	after.Annotations = maps.Clone(before.Annotations)
	for _, annotation := range outcome.Set {
		after.Annotations[annotation.Key] = annotation.Value
	}
	for _, key := range outcome.Remove {
		delete(after.Annotations, key)
	}
	return &after
}

// checkAccepted asks Istio's validator of one annotation.
func checkAccepted(t *rapid.T, key string, before, after map[string]string) {
	validate := inject.AnnotationValidation[key]
	own, had := before[key]
	value, has := after[key]
	switch {
	case had && !has:
		t.Errorf("%s: %q was removed", key, own)
	case had && validate(own) != nil:
		if value != own {
			t.Errorf("%s: Istio rejects the pod's own value %q, so it must be left alone; got %q", key, own, value)
		}
	case has:
		if err := validate(value); err != nil {
			t.Errorf("%s: Istio accepts %q (present: %t) and rejects what became of it, %q: %v", key, own, had, value, err)
		}
	}
	if key == istio.ProxyConfigAnnotation || !had || validate(own) != nil {
		return
	}
	kept := strings.Split(value, ",")
	for item := range strings.SplitSeq(own, ",") {
		if item = strings.TrimSpace(item); item != "" && !slices.ContainsFunc(kept, func(s string) bool { return same(strings.TrimSpace(s), item) }) {
			t.Errorf("%s: item %q of %q is missing from %q", key, item, own, value)
		}
	}
}

// checkConfigKept compares, as Istio reads them, a ProxyConfig before and
// after: apart from holdfast's own keys they must be the same.
func checkConfigKept(t *rapid.T, before, after string) {
	was, err := parse(before)
	if err != nil || before == after {
		return // left alone, which checkAccepted has seen
	}
	is, err := parse(after)
	if err != nil {
		return // reported by checkAccepted
	}
	for key, value := range is.GetProxyMetadata() {
		// Istio pastes a value between quotes into a template, and the kubelet
		// expands $(VAR) and $$ in what comes out.
		if strings.HasPrefix(key, istio.HoldfastMetadataPrefix) && (strings.ContainsAny(value, "\"\\\n") || strings.Contains(value, "$(") || strings.Contains(value, "$$")) {
			t.Errorf("%s: %q does not survive the way into the proxy", key, value)
		}
	}
	for _, config := range []*meshconfig.ProxyConfig{was, is} {
		maps.DeleteFunc(config.ProxyMetadata, func(key, _ string) bool {
			return key == istio.IdleTimeoutMetadata || strings.HasPrefix(key, istio.HoldfastMetadataPrefix)
		})
		if len(config.ProxyMetadata) == 0 {
			config.ProxyMetadata = nil
		}
	}
	if was.GetDrainDuration() == nil {
		is.DrainDuration = nil // the pod's own wins, and it has none
	}
	if !proto.Equal(was, is) {
		t.Errorf("other settings changed:\n%q\n%q\n%v\n%v", before, after, was, is)
	}
}

// parse reads the annotation as Istio's injector does, over nothing instead of
// over the defaults, so that what is not written is seen.
func parse(text string) (*meshconfig.ProxyConfig, error) {
	config := &meshconfig.ProxyConfig{}
	err := protomarshal.ApplyYAML(text, config)
	return config, err
}
