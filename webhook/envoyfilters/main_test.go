package envoyfilters

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/rulesfile"
)

// shared is a real API server with Istio's definitions, and a configuration with
// exactly the rights that holdfast's manifests give its service account.
var shared struct {
	*cluster.Cluster
	config *rest.Config
	admin  client.Client // knows EnvoyFilters
}

var eventually = cluster.Eventually

func TestMain(m *testing.M) { cluster.Main(m, "envoyfilters", prepare) }

func prepare(dir string, after func(func() error)) (err error) {
	if shared.Cluster, err = cluster.Start(nil); err != nil {
		return err
	}
	after(shared.Stop)
	if err := shared.InstallEnvoyFilters(); err != nil {
		return err
	}
	if shared.config, err = shared.Rights(context.Background(), dir, "--set", "manageMesh=true"); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := networking.AddToScheme(scheme); err != nil {
		return err
	}
	shared.admin, err = client.New(shared.Config, client.Options{Scheme: scheme, Mapper: newMapper()})
	return err
}

// replica is a Manager at work.
type replica struct {
	*Manager
	stop func() // and wait for its end

	mu     sync.Mutex
	lines  []string
	events []string
}

// start starts a replica with shorter times.
func start(t *testing.T, config *rest.Config, change func(*Manager)) *replica {
	t.Helper()
	r := &replica{}
	add := func(to *[]string, text string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		*to = append(*to, text)
	}
	log := funcr.New(func(prefix, args string) { add(&r.lines, prefix+" "+args) }, funcr.Options{LogTimestamp: true, TimestampFormat: "05.000"})
	var err error
	r.Manager, err = New(rest.CopyConfig(config), "holdfast-system", NewMetrics(), func(reason, message string) { add(&r.events, reason+": "+message) }, log)
	if err != nil {
		t.Fatal(err)
	}
	r.times = times{
		// Long, or on a busy machine a term ends by itself, and with it the memory
		// of what was said and repaired.
		lease: 30 * time.Second, renew: 20 * time.Second, retry: 100 * time.Millisecond,
		backoff: 50 * time.Millisecond, maxBackoff: 500 * time.Millisecond,
		grace: 500 * time.Millisecond, pods: 200 * time.Millisecond, repair: time.Second,
		resync: time.Hour, // so that a test sees what watches bring
	}
	if change != nil {
		change(r.Manager)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	r.stop = func() { cancel(); <-ended }
	t.Cleanup(func() {
		r.stop()
		if t.Failed() {
			t.Logf("log:\n%s", r.log())
		}
	})
	return r
}

// shortTerms are for tests that wait for the end of one.
func shortTerms(m *Manager) { m.times.lease, m.times.renew = 2*time.Second, time.Second }

// counter counts requests.
type counter struct{ atomic.Int64 }

// count returns a configuration whose requests of one method, to paths with a
// prefix, are counted.
func (c *counter) count(config *rest.Config, method, prefix string) *rest.Config {
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == method && strings.HasPrefix(r.URL.Path, prefix) {
				c.Add(1)
			}
			return next.RoundTrip(r)
		})
	})
	return config
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (r *replica) log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

func (r *replica) told() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.events...)
}

// objects is the number of objects of a kind in a state, as the metric says.
func (r *replica) objects(kind mesh.Kind, s state) float64 {
	return value(r.metrics.objects.WithLabelValues(string(kind), string(s)))
}

func value(metric prometheus.Metric) float64 {
	var m dto.Metric
	_ = metric.Write(&m) // of a kind that cannot fail
	return m.GetGauge().GetValue() + m.GetCounter().GetValue()
}

// Rules of the tests.
const (
	aliveRule   = "- {name: %s, destinations: {ports: [6379]}, strategy: {idleTimeout: 2h, keepalive: {time: %ds, interval: 30s, probes: 3}}}\n"
	scopedRule  = "- {name: scoped, destinations: {ports: [1]}, strategy: {idleTimeout: 2h, scope: Destinations}}\n"
	gatewayRule = "- {name: %s, namespace: edge, selector: {istio: ingressgateway}, ports: [8443], keepalive: {time: %ds, interval: 20s, probes: 4}}\n"
)

// alive is a file with one rule per keepalive time, in seconds.
func alive(t *testing.T, seconds ...int) *rules.File {
	t.Helper()
	text := "rules:\n" + scopedRule
	for i, s := range seconds {
		text += fmt.Sprintf(aliveRule, fmt.Sprintf("r%d", i), s)
	}
	return rulesfile.Of(t, text)
}

// clean empties the cluster before a test.
func clean(t *testing.T) {
	t.Helper()
	for _, namespace := range []string{"istio-system", "edge"} {
		if err := shared.admin.DeleteAllOf(t.Context(), &networking.EnvoyFilter{}, client.InNamespace(namespace)); err != nil {
			t.Fatal(err)
		}
	}
	if len(list(t)) > 0 {
		t.Fatal("there are still EnvoyFilters")
	}
}

// list returns all EnvoyFilters by namespace/name.
func list(t *testing.T) map[string]*networking.EnvoyFilter {
	t.Helper()
	var found networking.EnvoyFilterList
	if err := shared.admin.List(t.Context(), &found); err != nil {
		t.Fatal(err)
	}
	all := map[string]*networking.EnvoyFilter{}
	for _, o := range found.Items {
		all[o.Namespace+"/"+o.Name] = o
	}
	return all
}

// same reports whether the cluster holds exactly these objects, with these specs.
func same(t *testing.T, wanted ...mesh.Object) (ok bool, got string) {
	t.Helper()
	all := list(t)
	ok = len(all) == len(wanted)
	for _, w := range wanted {
		o := all[w.Namespace+"/"+w.Name]
		ok = ok && o != nil && proto.Equal(&o.Spec, w.Spec)
	}
	for name, o := range all {
		got += name + " " + o.Spec.String() + "\n"
	}
	return ok, got
}

// needs are the objects of a file that this package keeps.
func needs(f *rules.File) (objects []mesh.Object) {
	for _, o := range mesh.For(f) {
		if o.Kind != mesh.KindDestinations {
			objects = append(objects, o)
		}
	}
	return objects
}

// edit changes an object as a person does, whatever else changes it.
func edit(t *testing.T, key client.ObjectKey, change func(*networking.EnvoyFilter)) {
	t.Helper()
	for {
		o := &networking.EnvoyFilter{}
		if err := shared.admin.Get(t.Context(), key, o); err != nil {
			t.Fatal(err)
		}
		change(o)
		err := shared.admin.Update(t.Context(), o, client.FieldOwner("a-person"))
		if err == nil {
			return
		}
		if !apierrors.IsConflict(err) {
			t.Fatal(err)
		}
	}
}

// stays holds a condition for a while: nobody can wait for what must not happen.
func stays(t *testing.T, what string, condition func() (bool, string)) {
	t.Helper()
	for deadline := time.Now().Add(1500 * time.Millisecond); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if ok, last := condition(); !ok {
			t.Fatalf("%s, but: %s", what, last)
		}
	}
}

// typed is an object as somebody else would apply it.
func typed(o mesh.Object) *networking.EnvoyFilter {
	filter := &networking.EnvoyFilter{}
	filter.Namespace, filter.Name, filter.Labels = o.Namespace, o.Name, maps.Clone(o.Labels)
	proto.Merge(&filter.Spec, o.Spec)
	return filter
}
