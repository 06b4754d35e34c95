package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	yaml "go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/istio"
)

// Words from small sets, so that rules and pods meet often.

func someOf[T any](t *rapid.T, label string, most int, values ...T) []T {
	return rapid.SliceOfN(rapid.SampledFrom(values), 0, most).Draw(t, label)
}

func drawLabels(t *rapid.T, label string) map[string]string {
	return rapid.MapOfN(rapid.SampledFrom([]string{"app", "tier", "team"}), rapid.SampledFrom([]string{"a", "b", ""}), 0, 3).Draw(t, label)
}

func drawSelector(t *rapid.T, label string) *Selector {
	if rapid.Bool().Draw(t, label+" is missing") {
		return nil
	}
	s := &Selector{MatchLabels: drawLabels(t, label)}
	for range rapid.IntRange(0, 2).Draw(t, label+" expressions") {
		r := Requirement{
			Key:      rapid.SampledFrom([]string{"app", "tier", "team"}).Draw(t, "key"),
			Operator: rapid.SampledFrom([]string{opIn, opNotIn, opExists, opDoesNotExist}).Draw(t, "operator"),
		}
		if r.Operator == opIn || r.Operator == opNotIn {
			r.Values = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 2, rapid.ID[string]).Draw(t, "values")
		}
		s.MatchExpressions = append(s.MatchExpressions, r)
	}
	return s
}

func drawDestinations(t *rapid.T) Destinations {
	prefixes := someOf(t, "cidrs", 3, netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("10.20.1.0/24"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.2.7/32"))
	slices.SortFunc(prefixes, comparePrefixes)
	d := Destinations{
		CIDRs: slices.Compact(prefixes),
		Hosts: someOf(t, "hosts", 2, "cache", "*.example.com", "redis-*.prod", "db.example.com"),
	}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(someOf(t, "ports", 3, uint16(25), 3306, 6379, 27017)))) {
		d.Ports = append(d.Ports, port(p))
	}
	if rapid.IntRange(0, 9).Draw(t, "wide") == 0 {
		d.Ports = []istio.PortRange{{First: 1000, Last: 30000}}
	}
	if len(d.Ports) > 0 && rapid.Bool().Draw(t, "named") {
		d.Middleware = []string{"redis"}
	}
	if len(d.Ports)+len(d.CIDRs)+len(d.Hosts) == 0 {
		d.Ports = []istio.PortRange{port(6379)}
	}
	return d
}

func drawStrategy(t *rapid.T, d *Destinations) Strategy {
	var s Strategy
	switch kind := rapid.IntRange(0, 3).Draw(t, "bypass"); {
	case kind == 0 && len(d.Ports) > 0 && countPorts(d.Ports) <= maxKeys:
		return Strategy{Bypass: BypassPorts}
	case kind == 1 && len(d.CIDRs) > 0:
		return Strategy{Bypass: BypassCIDRs}
	}
	if rapid.Bool().Draw(t, "idle") {
		idle := rapid.SampledFrom([]time.Duration{0, time.Second, 1500 * time.Millisecond, time.Hour, 90 * time.Minute, 48 * time.Hour}).Draw(t, "timeout")
		s.IdleTimeout, s.Scope = &idle, ScopeSidecar
		if len(d.Ports)+len(d.CIDRs) > 0 && rapid.Bool().Draw(t, "destinations") {
			s.Scope = ScopeDestinations
		}
	}
	if rapid.Bool().Draw(t, "keepalive") {
		s.Keepalive = &istio.Keepalive{Time: rapid.Uint16Range(1, 3).Draw(t, "time"), Interval: rapid.Uint16Range(1, 3).Draw(t, "interval"), Probes: rapid.Uint8Range(1, 3).Draw(t, "probes")}
	}
	if s.IdleTimeout == nil && s.Keepalive == nil || rapid.Bool().Draw(t, "drain") {
		drain := time.Duration(rapid.IntRange(1, 3).Draw(t, "drain hours")) * time.Hour
		s.DrainDuration = &drain
	}
	return s
}

func drawFile(t *rapid.T) *File {
	file := &File{Mode: Enforce}
	file.Mesh.ExcludeOutboundPorts = someOf(t, "mesh ports", 2, uint16(25), 5432)
	file.Mesh.ExcludeOutboundIPRanges = someOf(t, "mesh ranges", 2, netip.MustParsePrefix("169.254.169.254/32"), netip.MustParsePrefix("10.20.0.0/16"))
	for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
		r := Rule{Name: fmt.Sprintf("r%d", i), Mode: Enforce, Destinations: drawDestinations(t)}
		if rapid.IntRange(0, 4).Draw(t, "observes") == 0 {
			r.Mode = Observe
		}
		r.Strategy = drawStrategy(t, &r.Destinations)
		r.Workloads = Workloads{
			Namespaces:        someOf(t, "namespaces", 2, "shop", "sh*", "team-*", "*-x"),
			NamespaceSelector: drawSelector(t, "namespace selector"),
			PodSelector:       drawSelector(t, "pod selector"),
			Referencing:       rapid.Bool().Draw(t, "referencing"),
		}
		file.Rules = append(file.Rules, r)
	}
	return file
}

func drawPod(t *rapid.T) *Pod {
	pod := &Pod{
		Name:      "p-",
		Namespace: Namespace{Name: rapid.SampledFrom([]string{"shop", "team-x", "other"}).Draw(t, "namespace"), Known: rapid.Bool().Draw(t, "known")},
		Labels:    drawLabels(t, "labels"),
	}
	if pod.Namespace.Known {
		pod.Namespace.Labels = drawLabels(t, "namespace labels")
		pod.Namespace.Labels[EnabledKey] = "true"
	}
	own := map[string][]string{
		istio.ExcludeOutboundPortsAnnotation:    {"", "25", " 25 , 3306", "3306,", "1-2", "0,25,25", "*"},
		istio.ExcludeOutboundIPRangesAnnotation: {"", "10.20.0.0/16", "10.0.0.1", "192.168.0.0/24", "10.1.2.3/8,::ffff:10.0.0.0/104", "10.0.0.0/8, 11.0.0.0/8", "*"},
		istio.ProxyConfigAnnotation: {
			"", "concurrency: 2\n", "# mine\nproxyMetadata:\n  MINE: \"1\" # one\n", `{"proxyMetadata":{"ISTIO_META_IDLE_TIMEOUT":"10m"},"x":1}`,
			"proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 2d\n", "proxy_metadata: {ISTIO_META_HOLDFAST_KEEPALIVE: 9s-9s-9}\ndrainDuration: 10s\n", "proxyMetadata: {A: 1}", "a: [",
			"null", "{}", "---\n# mine\nconcurrency: 1\n", "concurrency: 1\r\nproxyMetadata:\r\n  MINE: \"1\"\r\n", "proxyMetadata:\n", "proxyMetadata: {} # mine", "drainDuration: 7200s # one\nx: {y: [1, 2]}",
			"proxyMetadata: &a\n  ISTIO_META_HOLDFAST: v0\n  ISTIO_META_HOLDFAST_DESTINATIONS_3: x\n  ISTIO_META_HOLDFAST_LATER: y # one\n  MINE: m\n",
			"proxyMetadata: {ISTIO_META_HOLDFAST_IDLE_TIMEOUT_MS: '5'}\nproxy_metadata: {MINE: m}\n", "proxyMetadata:\n  ISTIO_META_IDLE_TIMEOUT: 1h\n  ISTIO_META_HOLDFAST_KEEPALIVE: 1s-1s-1\n",
			`{"drainDuration":"5s","proxyMetadata":{"ISTIO_META_HOLDFAST":"v1","ISTIO_META_HOLDFAST_DESTINATIONS_1":"^a$"}}`, "concurrency: two", "\tx: 1",
			"x: &a {MINE: m}\nproxyMetadata: *a\n", "proxyMetadata: {<<: {MINE: m}}\n", "x: &a\n  proxyMetadata: {MINE: m}\n<<: *a\n",
		},
		KeepaliveAnnotation:    {"9s-9s-9"},
		MiddlewareAnnotation:   {"redis", "r1", "mysql,nothing"},
		AppliedAnnotation:      {"stale"},
		istio.StatusAnnotation: {"{}"},
		"example.com/other":    {"untouched"},
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if rapid.Bool().Draw(t, key) {
			if pod.Annotations == nil {
				pod.Annotations = map[string]string{}
			}
			pod.Annotations[key] = rapid.SampledFrom(own[key]).Draw(t, "value")
		}
	}
	if rapid.Bool().Draw(t, "mesh") {
		pod.Mesh = &MeshDefaults{ExcludeOutboundPorts: someOf(t, "mesh ports", 2, uint16(3306), 8125), ExcludeOutboundIPRanges: someOf(t, "mesh ranges", 1, netip.MustParsePrefix("10.20.0.0/16"))}
	}
	c := Container{Name: "c"}
	for i, value := range someOf(t, "values", 4, "redis://cache", "10.20.1.5:6379", "10.99.0.1:27017", "db.example.com:3306", "a.b.example.com:25", "redis-1.prod:6379", "[2001:db8::1]:5000", "plain") {
		c.Env = append(c.Env, EnvVar{Name: fmt.Sprintf("V%d", i), Value: value})
	}
	pod.Containers = []Container{c}
	return pod
}

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
			if v.Matched && v.Mode == Observe {
				named = append(named, v.Rule)
			}
			if v.Matched != (v.Reason == VerdictMatched) || v.Detail == "" {
				t.Fatalf("got verdict %+v, want a reason that agrees and a detail", v)
			}
		}
		if (o.Reason == Observed || o.Reason == Patched) && !slices.Equal(named, o.Observed) {
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
		case Patched, AlreadyInjected, AlreadyApplied:
			if again.Reason != AlreadyApplied || again.Hash != o.Hash || !slices.Equal(again.Rules, o.Rules) {
				t.Fatalf("got %+v on the own result, want AlreadyApplied with the hash and rules of %+v", again, o)
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
func checkEdits(t *rapid.T, pod *Pod, o Outcome) {
	keys := []string{}
	for _, a := range o.Set {
		keys = append(keys, a.Key)
		if own, ok := pod.Annotations[a.Key]; ok && own == a.Value {
			t.Fatalf("got an edit of %s that changes nothing", a.Key)
		}
		var err error
		switch a.Key {
		case AppliedAnnotation:
		case KeepaliveAnnotation:
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
		if _, ok := pod.Annotations[key]; !ok || key != KeepaliveAnnotation {
			t.Fatalf("got %s removed, want at most an existing %s", key, KeepaliveAnnotation)
		}
	}
	for _, w := range o.Warnings {
		if len(w.Message) > maxMessage || strings.Contains(w.Message, "\n") || !slices.Contains(WarningCodes(), w.Code) {
			t.Fatalf("got warning %+v, want one line of at most %d bytes with a known code", w, maxMessage)
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
	was, err := istio.ParseProxyConfig(before)
	if err != nil {
		return fmt.Errorf("edited although Istio rejects it: %w", err)
	}
	is, err := istio.ParseProxyConfig(after)
	if err != nil {
		return err
	}
	for _, key := range was.MetadataKeys() {
		if strings.HasPrefix(key, istio.HoldfastMetadataPrefix) {
			continue
		}
		old, _ := was.Metadata(key)
		_, invalid := istio.ParseIdleTimeout(old)
		if got, ok := is.Metadata(key); (!ok || got != old) && (key != istio.IdleTimeoutMetadata || invalid == nil) {
			return fmt.Errorf("metadata %s: got %q, want %q kept", key, got, old)
		}
	}
	if had, ok := was.DrainDuration(); ok {
		if has, _ := is.DrainDuration(); has != had {
			return fmt.Errorf("drainDuration: got %q, want the own %q", has, had)
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
	for _, key := range []string{"proxyMetadata", "proxy_metadata", "drainDuration"} {
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
	done := make(chan Outcome)
	const workers = 8
	for range workers {
		go func() {
			var o Outcome
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
