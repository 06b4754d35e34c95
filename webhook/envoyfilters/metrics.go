package envoyfilters

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/holdfast-mesh/holdfast/mesh"
)

// state is what became of an object.
type state string

const (
	present state = "present"          // there, as the rules need it
	missing state = "missing"          // needed, and not there or not as the rules need it
	foreign state = "foreign"          // somebody else's, and not as the rules need it; left alone
	waiting state = "waiting_for_pods" // not needed; it goes when no running pod carries its value
)

// operation is what was asked of the API server.
type operation string

const (
	opLease  operation = "lease"
	opRead   operation = "read"
	opApply  operation = "apply"
	opDelete operation = "delete"
	opPods   operation = "list_pods"
)

// Metrics are the series of this package, in no registry yet. All exist at zero
// from the start. They speak of what the leader sees; other replicas have zeros.
type Metrics struct {
	prometheus.Collector // of all of them

	objects       *prometheus.GaugeVec
	errors        *prometheus.CounterVec
	leader        prometheus.Gauge
	forbidden     prometheus.Gauge
	noDefinitions prometheus.Gauge
}

// NewMetrics makes the series.
func NewMetrics() *Metrics {
	registry := prometheus.NewRegistry()
	into := promauto.With(registry)
	gauge := func(name, help string) prometheus.Gauge {
		return into.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &Metrics{
		Collector: registry,
		objects: into.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_mesh_objects", Help: "EnvoyFilters that the rules need or needed, by kind and state, as the replica that manages them sees them.",
		}, []string{"kind", "state"}),
		errors: into.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_mesh_errors_total", Help: "Requests for managing mesh objects that failed, by what was asked. They are tried again.",
		}, []string{"operation"}),
		leader:        gauge("holdfast_mesh_leader", "1 on the replica that manages mesh objects."),
		forbidden:     gauge("holdfast_mesh_forbidden", "1 while the API server forbids something that managing mesh objects needs."),
		noDefinitions: gauge("holdfast_istio_crds_missing", "1 while the API server does not know EnvoyFilters, because Istio's definitions are not installed."),
	}
	m.count(nil)
	for _, op := range []operation{opLease, opRead, opApply, opDelete, opPods} {
		m.errors.WithLabelValues(string(op))
	}
	return m
}

// tally counts objects.
type tally map[mesh.Kind]map[state]int

func (t tally) add(kind mesh.Kind, s state) {
	if t[kind] == nil {
		t[kind] = map[state]int{}
	}
	t[kind][s]++
}

func (m *Metrics) count(t tally) {
	for _, kind := range []mesh.Kind{mesh.KindKeepalive, mesh.KindGateway} {
		for _, s := range []state{present, missing, foreign, waiting} {
			m.objects.WithLabelValues(string(kind), string(s)).Set(float64(t[kind][s]))
		}
	}
}

// retired says that another replica knows now.
func (m *Metrics) retired() {
	m.count(nil)
	m.leader.Set(0)
	m.forbidden.Set(0)
	m.noDefinitions.Set(0)
}
