package decide

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// port is a range of one.
func port(p uint16) ports.Range { return ports.Range{First: p, Last: p} }

func someOf[T any](t *rapid.T, label string, most int, values ...T) []T {
	return rapid.SliceOfN(rapid.SampledFrom(values), 0, most).Draw(t, label)
}

func drawLabels(t *rapid.T, label string) map[string]string {
	return rapid.MapOfN(rapid.SampledFrom([]string{"app", "tier", "team"}), rapid.SampledFrom([]string{"a", "b", ""}), 0, 3).Draw(t, label)
}

func drawSelector(t *rapid.T, label string) *rules.Selector {
	if rapid.Bool().Draw(t, label+" is missing") {
		return nil
	}
	s := &rules.Selector{MatchLabels: drawLabels(t, label)}
	for range rapid.IntRange(0, 2).Draw(t, label+" expressions") {
		r := rules.Requirement{
			Key:      rapid.SampledFrom([]string{"app", "tier", "team"}).Draw(t, "key"),
			Operator: rapid.SampledFrom([]string{rules.OpIn, rules.OpNotIn, rules.OpExists, rules.OpDoesNotExist}).Draw(t, "operator"),
		}
		if r.Operator == rules.OpIn || r.Operator == rules.OpNotIn {
			r.Values = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 2, rapid.ID[string]).Draw(t, "values")
		}
		s.MatchExpressions = append(s.MatchExpressions, r)
	}
	return s
}

func drawDestinations(t *rapid.T) rules.Destinations {
	prefixes := someOf(t, "cidrs", 3, netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("10.20.1.0/24"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.2.7/32"))
	slices.SortFunc(prefixes, netip.Prefix.Compare)
	d := rules.Destinations{
		CIDRs: slices.Compact(prefixes),
		Hosts: someOf(t, "hosts", 2, "cache", "*.example.com", "redis-*.prod", "db.example.com"),
	}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(someOf(t, "ports", 3, uint16(25), 3306, 6379, 27017)))) {
		d.Ports = append(d.Ports, port(p))
	}
	if rapid.IntRange(0, 9).Draw(t, "wide") == 0 {
		d.Ports = []ports.Range{{First: 1000, Last: 30000}}
	}
	if len(d.Ports) > 0 && rapid.Bool().Draw(t, "named") {
		d.Middleware = []string{"redis"}
	}
	if len(d.Ports)+len(d.CIDRs)+len(d.Hosts) == 0 {
		d.Ports = []ports.Range{port(6379)}
	}
	return d
}

func drawStrategy(t *rapid.T, d *rules.Destinations) rules.Strategy {
	var s rules.Strategy
	switch kind := rapid.IntRange(0, 3).Draw(t, "bypass"); {
	case kind == 0 && len(d.Ports) > 0 && ports.Count(d.Ports) <= maxKeys:
		return rules.Strategy{Bypass: rules.BypassPorts}
	case kind == 1 && len(d.CIDRs) > 0:
		return rules.Strategy{Bypass: rules.BypassCIDRs}
	}
	if rapid.Bool().Draw(t, "idle") {
		idle := rapid.SampledFrom([]time.Duration{0, time.Second, 1500 * time.Millisecond, time.Hour, 90 * time.Minute, 48 * time.Hour}).Draw(t, "timeout")
		s.IdleTimeout, s.Scope = &idle, rules.ScopeSidecar
		if len(d.Ports)+len(d.CIDRs) > 0 && rapid.Bool().Draw(t, "destinations") {
			s.Scope = rules.ScopeDestinations
		}
	}
	if rapid.Bool().Draw(t, "keepalive") {
		s.Keepalive = &istio.Keepalive{Time: rapid.Uint16Range(1, 3).Draw(t, "time"), Interval: rapid.Uint16Range(1, 3).Draw(t, "interval"), Probes: rapid.Uint8Range(1, 3).Draw(t, "probes")}
	}
	s.SidecarStartsFirst = rapid.IntRange(0, 2).Draw(t, "starts first") == 0
	s.SidecarStopsLast = rapid.IntRange(0, 2).Draw(t, "stops last") == 0
	if s == (rules.Strategy{}) || rapid.Bool().Draw(t, "drain") {
		drain := time.Duration(rapid.IntRange(1, 3).Draw(t, "drain hours")) * time.Hour
		s.DrainDuration = &drain
		s.DrainJitter = rapid.SampledFrom([]int{0, 25, 50}).Draw(t, "jitter")
	}
	return s
}

func drawFile(t *rapid.T) *rules.File {
	file := &rules.File{Mode: rules.Enforce}
	file.Mesh.ExcludeOutboundPorts = someOf(t, "mesh ports", 2, uint16(25), 5432)
	file.Mesh.ExcludeOutboundIPRanges = someOf(t, "mesh ranges", 2, netip.MustParsePrefix("169.254.169.254/32"), netip.MustParsePrefix("10.20.0.0/16"))
	for i := range rapid.IntRange(0, 8).Draw(t, "rules") {
		r := rules.Rule{Name: fmt.Sprintf("r%d", i), Mode: rules.Enforce, Destinations: drawDestinations(t)}
		if rapid.IntRange(0, 4).Draw(t, "observes") == 0 {
			r.Mode = rules.Observe
		}
		r.Strategy = drawStrategy(t, &r.Destinations)
		r.Workloads = rules.Workloads{
			Namespaces:        someOf(t, "namespaces", 2, "shop", "sh*", "team-*", "*-x"),
			NamespaceSelector: drawSelector(t, "namespace selector"),
			PodSelector:       drawSelector(t, "pod selector"),
			Referencing:       rapid.Bool().Draw(t, "referencing"),
		}
		file.Rules = append(file.Rules, r)
	}
	return file
}

func drawPod(t *rapid.T) *rules.Pod {
	pod := &rules.Pod{
		Name:      "p-",
		Namespace: rules.Namespace{Name: rapid.SampledFrom([]string{"shop", "team-x", "other"}).Draw(t, "namespace"), Known: rapid.Bool().Draw(t, "known")},
		Labels:    drawLabels(t, "labels"),
	}
	if pod.Namespace.Known {
		pod.Namespace.Labels = drawLabels(t, "namespace labels")
		pod.Namespace.Labels[rules.EnabledKey] = "true"
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
			"hold_application_until_proxy_starts: # mine\nproxyMetadata:\n  EXIT_ON_ZERO_ACTIVE_CONNECTIONS: \"0\" # one\n", "holdApplicationUntilProxyStarts: False\n",
			"proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'yes', MINE: m}\nholdApplicationUntilProxyStarts: ~ # one\n", "proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: T}\n",
			`{"holdApplicationUntilProxyStarts":true}`, "holdApplicationUntilProxyStarts: 'true'\n",
			"x: &a {MINE: m}\nproxyMetadata: *a\n", "proxyMetadata: {<<: {MINE: m}}\n", "x: &a\n  proxyMetadata: {MINE: m}\n<<: *a\n",
		},
		rules.KeepaliveAnnotation:     {"9s-9s-9"},
		rules.MiddlewareAnnotation:    {"redis", "r1", "mysql,nothing"},
		rules.AppliedAnnotation:       {"stale"},
		istio.StatusAnnotation:        {"{}"},
		istio.NativeSidecarAnnotation: {"true", "false"},
		"example.com/other":           {"untouched"},
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
		pod.Mesh = &rules.MeshDefaults{ExcludeOutboundPorts: someOf(t, "mesh ports", 2, uint16(3306), 8125), ExcludeOutboundIPRanges: someOf(t, "mesh ranges", 1, netip.MustParsePrefix("10.20.0.0/16")), StartsFirst: rapid.Bool().Draw(t, "mesh starts first")}
	}
	if rapid.Bool().Draw(t, "admission") {
		pod.Lot = rapid.SampledFrom([]float64{1e-9, 0.25, 0.5, 1}).Draw(t, "lot")
	}
	if rapid.Bool().Draw(t, "grace") {
		grace := rapid.Int64Range(0, 60).Draw(t, "grace period")
		pod.GracePeriod = &grace
	}
	c := rules.Container{Name: "c"}
	for i, value := range someOf(t, "values", 4, "redis://cache", "10.20.1.5:6379", "10.99.0.1:27017", "db.example.com:3306", "a.b.example.com:25", "redis-1.prod:6379", "[2001:db8::1]:5000", "plain") {
		c.Env = append(c.Env, rules.EnvVar{Name: fmt.Sprintf("V%d", i), Value: value})
	}
	pod.Containers = []rules.Container{c}
	return pod
}
