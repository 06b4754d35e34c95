package webhook

import (
	"errors"
	"runtime/debug"

	"github.com/holdfast-mesh/holdfast/webhook/cluster"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are the series about this process; those about reviews and rules
// belong to package admission. All exist at zero from the start.
type metrics struct {
	prometheus.Collector // of all of them

	certificateLoaded prometheus.Gauge
	certificateEnds   prometheus.Gauge
	certificateFaults prometheus.Counter
	connectionsClosed prometheus.Counter
	connectionErrors  prometheus.Counter
	synced            *prometheus.GaugeVec
	ready             prometheus.Gauge
}

func newMetrics() *metrics {
	registry := prometheus.NewRegistry()
	into := promauto.With(registry)
	m := &metrics{
		Collector: registry,
		certificateEnds: into.NewGauge(prometheus.GaugeOpts{
			Name: "holdfast_certificate_expiry_timestamp_seconds", Help: "When the serving certificate ends, in seconds since 1970; 0 if none is loaded.",
		}),
		certificateLoaded: into.NewGauge(prometheus.GaugeOpts{
			Name: "holdfast_certificate_loaded", Help: "1 if there is a serving certificate, 0 if none is loaded yet: no review can be answered.",
		}),
		certificateFaults: into.NewCounter(prometheus.CounterOpts{
			Name: "holdfast_certificate_load_errors_total", Help: "Changes of the certificate's files that were not put in use.",
		}),
		connectionsClosed: into.NewCounter(prometheus.CounterOpts{
			Name: "holdfast_connections_closed_total", Help: "Connections that were closed because too many were open.",
		}),
		connectionErrors: into.NewCounter(prometheus.CounterOpts{
			Name: "holdfast_connection_errors_total", Help: "Connections that failed before a request: mostly handshakes, where the client does not trust the certificate, or shows none although --client-ca-file asks for one.",
		}),
		synced: into.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_cluster_synced", Help: "1 if what is watched in the cluster has been read completely, by what it is; always 0 without a cluster.",
		}, []string{"watch"}),
		ready: into.NewGauge(prometheus.GaugeOpts{Name: "holdfast_ready", Help: "1 while /readyz says ok."}),
	}
	for _, what := range cluster.Watched() {
		m.synced.WithLabelValues(what)
	}
	version, goVersion := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
	}
	into.NewGaugeVec(prometheus.GaugeOpts{
		Name: "holdfast_build_info", Help: "Always 1; the labels are version and Go version of this binary.",
	}, []string{"version", "goversion"}).WithLabelValues(version, goVersion).Set(1)
	return m
}

// register adds series to a registry, and those of the Go runtime and the
// process where nobody else did. The function that comes back takes them out
// again, so that one process can run a server twice.
func register(registry prometheus.Registerer, own ...prometheus.Collector) (unregister func(), err error) {
	var mine []prometheus.Collector
	unregister = func() {
		for _, c := range mine {
			registry.Unregister(c)
		}
	}
	everybodys := []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})}
	for i, c := range append(own, everybodys...) {
		var already prometheus.AlreadyRegisteredError
		switch err := registry.Register(c); {
		case err == nil:
			mine = append(mine, c)
		case i < len(own) || !errors.As(err, &already):
			unregister()
			return nil, err
		}
	}
	return unregister, nil
}

func (m *metrics) setSynced(what string, synced bool) {
	m.synced.WithLabelValues(what).Set(boolValue(synced))
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
