package decide

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
)

// typicalPod is two containers with forty variables between them, of which a
// few hold addresses, as an order service in a shop might have.
func typicalPod() *rules.Pod {
	app := rules.Container{Name: "order", Command: []string{"/app/order"}, Args: []string{"--config=/etc/order/config.yaml", "--listen=:8080", "--log-level=info"}}
	for _, e := range [][2]string{
		{"REDIS_URL", "redis://:$(REDIS_PASSWORD)@redis-master.shop.svc.cluster.local:6379/0"},
		{"MYSQL_HOST", "orders-db.example.com"},
		{"MYSQL_PORT", "3306"},
		{"MYSQL_DATABASE", "orders"},
		{"MYSQL_USER", "order"},
		{"KAFKA_BROKERS", "kafka-0.kafka:9092,kafka-1.kafka:9092,kafka-2.kafka:9092"},
		{"CATALOG_URL", "http://catalog.shop:8080/v1"},
		{"PAYMENT_URL", "https://payment.shop.svc.cluster.local/api"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel-collector.observability:4317"},
		{"OTEL_SERVICE_NAME", "order"},
		{"JAVA_OPTS", "-Xms512m -Xmx512m -XX:+UseG1GC -Djava.security.egd=file:/dev/./urandom"},
		{"LOG_LEVEL", "info"},
		{"LOG_FORMAT", "json"},
		{"TZ", "Europe/Berlin"},
		{"LANG", "en_US.UTF-8"},
		{"REGION", "eu-central-1"},
		{"CURRENCY", "EUR"},
		{"FEATURE_FLAGS", "a,b,c"},
		{"TIMEOUT", "30s"},
		{"RETRIES", "3"},
	} {
		app.Env = append(app.Env, rules.EnvVar{Name: e[0], Value: e[1]})
	}
	for i := len(app.Env); i < 34; i++ {
		app.Env = append(app.Env, rules.EnvVar{Name: fmt.Sprintf("ORDER_SETTING_%d", i), Value: "some value of the service"})
	}
	exporter := rules.Container{Name: "exporter", Args: []string{"--web.listen-address=:9104"}}
	for i := range 6 {
		exporter.Env = append(exporter.Env, rules.EnvVar{Name: fmt.Sprintf("EXPORTER_%d", i), Value: "true"})
	}
	return &rules.Pod{
		Name: "order-7d9c6b5f4-",
		Namespace: rules.Namespace{Name: "team-42", Known: true, Labels: map[string]string{
			rules.EnabledKey: "true", istio.InjectionLabel: "enabled", "tier": "backend", "kubernetes.io/metadata.name": "team-42",
		}},
		Labels: map[string]string{
			"app": "order-42", "version": "v3", "app.kubernetes.io/name": "order", "app.kubernetes.io/part-of": "shop", "pod-template-hash": "7d9c6b5f4",
		},
		Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "9104", "checksum/config": "0b2c9f"},
		Containers:  []rules.Container{app, exporter},
	}
}

// mixedRules is a mix as a platform team might have it: a few rules for all,
// most for one team, one application or one destination.
func mixedRules(n int) *rules.File {
	day := 24 * time.Hour
	file := &rules.File{Mode: rules.Enforce}
	for i := range n {
		r := rules.Rule{Name: fmt.Sprintf("rule-%d", i), Mode: rules.Enforce}
		network := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
		switch {
		case i == 0: // all pods: keepalive
			r.Destinations.Ports = []ports.Range{port(5432)}
			r.Strategy = rules.Strategy{IdleTimeout: &day, Scope: rules.ScopeSidecar, Keepalive: &istio.Keepalive{Time: 120, Interval: 30, Probes: 3}}
		case i == 1: // whoever uses Redis
			r.Destinations = rules.Destinations{Middleware: []string{"redis"}, Ports: []ports.Range{port(6379), port(16379), port(26379)}}
			r.Workloads.Referencing = true
			r.Strategy = rules.Strategy{IdleTimeout: &day, Scope: rules.ScopeDestinations}
		case i == 2: // whoever uses MySQL
			r.Destinations.Ports = []ports.Range{port(3306)}
			r.Workloads.Referencing = true
			r.Strategy.Bypass = rules.BypassPorts
		case i%5 == 0: // one namespace
			r.Destinations.CIDRs = []netip.Prefix{network}
			r.Workloads.Namespaces = []string{fmt.Sprintf("team-%d", i)}
			r.Strategy.Bypass = rules.BypassCIDRs
		case i%5 == 1: // one application
			r.Destinations.Ports = []ports.Range{port(uint16(20000 + i%1000))}
			r.Workloads.PodSelector = &rules.Selector{MatchLabels: map[string]string{"app": fmt.Sprintf("order-%d", i)}}
			r.Strategy = rules.Strategy{IdleTimeout: &day, Scope: rules.ScopeSidecar}
		case i%5 == 2: // namespaces by glob and label
			r.Destinations.Ports = []ports.Range{port(uint16(20000 + i%1000))}
			r.Workloads.Namespaces = []string{fmt.Sprintf("squad-%d-*", i)}
			r.Workloads.NamespaceSelector = &rules.Selector{MatchLabels: map[string]string{"tier": "backend"}}
			r.Strategy = rules.Strategy{DrainDuration: &day}
		case i%5 == 3: // whoever uses one network, on the port that everybody uses
			r.Destinations = rules.Destinations{Ports: []ports.Range{port(6379)}, CIDRs: []netip.Prefix{network}, Hosts: []string{fmt.Sprintf("*.cache-%d.example.com", i)}}
			r.Workloads.Referencing = true
			r.Strategy = rules.Strategy{IdleTimeout: &day, Scope: rules.ScopeDestinations}
		default: // whoever uses one host
			r.Destinations = rules.Destinations{Ports: []ports.Range{port(3306)}, Hosts: []string{fmt.Sprintf("db-%d.example.com", i)}}
			r.Workloads.Referencing = true
			r.Strategy = rules.Strategy{IdleTimeout: &day, Scope: rules.ScopeSidecar}
		}
		file.Rules = append(file.Rules, r)
	}
	return file
}

func benchmarkDecide(b *testing.B, count int) {
	set := Compile(mixedRules(count))
	pod := typicalPod()
	if o := set.Decide(pod, Options{}); o.Reason != rules.Patched {
		b.Fatalf("got %+v, want Patched", o)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.Decide(pod, Options{})
	}
}

// All pods but the first of a Deployment cost this.
func BenchmarkDecide10Rules(b *testing.B)    { benchmarkDecide(b, 10) }
func BenchmarkDecide10000Rules(b *testing.B) { benchmarkDecide(b, 10000) }

// The first pod of a Deployment, whose texts are read.
func BenchmarkDecideNewPod(b *testing.B) {
	set := Compile(mixedRules(10))
	pod := typicalPod()
	value := &pod.Containers[0].Env[len(pod.Containers[0].Env)-1].Value
	var values [1 << 12]string
	for i := range values {
		values[i] = fmt.Sprint("another ", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		*value = values[i%len(values)]
		set.Decide(pod, Options{})
	}
}

// The same on a pod that carries the result, as when the API server calls
// again: it has a ProxyConfig to be parsed.
func BenchmarkDecideAgain(b *testing.B) {
	set := Compile(mixedRules(10))
	pod := typicalPod()
	apply(pod, set.Decide(pod, Options{}))
	if o := set.Decide(pod, Options{}); o.Reason != rules.AlreadyApplied {
		b.Fatalf("got %+v, want AlreadyApplied", o)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.Decide(pod, Options{})
	}
}

// Half of all pods need nothing.
func BenchmarkDecideNoRuleMatches(b *testing.B) {
	file := mixedRules(10000)
	file.Rules = file.Rules[3:]
	set := Compile(file)
	pod := typicalPod()
	if o := set.Decide(pod, Options{}); o.Reason != rules.NoRuleMatched {
		b.Fatalf("got %+v, want NoRuleMatched", o)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.Decide(pod, Options{})
	}
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
			clear(set.memo.slots[:])
			set.Decide(pod, Options{})
		}
	})
}

func BenchmarkCompile10000(b *testing.B) {
	file := mixedRules(10000)
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	set := Compile(file)
	retained := float64(heap()) - float64(before)
	runtime.KeepAlive(set)
	b.ReportAllocs()
	for b.Loop() {
		Compile(file)
	}
	b.ReportMetric(retained/(1<<20), "MiB-retained")
}

func BenchmarkScan(b *testing.B) {
	pod := typicalPod()
	b.ReportAllocs()
	for b.Loop() {
		found := evidence.Scan(pod, nil)
		found.Release()
	}
}

// apply edits a pod as an outcome says.
func apply(pod *rules.Pod, o rules.Outcome) {
	edited := make(map[string]string, len(pod.Annotations)+len(o.Set))
	for key, value := range pod.Annotations {
		edited[key] = value
	}
	for _, a := range o.Set {
		edited[a.Key] = a.Value
	}
	for _, key := range o.Remove {
		delete(edited, key)
	}
	pod.Annotations = edited
}
