package webhook

import (
	"errors"
	"runtime/debug"

	"github.com/holdfast-mesh/holdfast/webhook/cluster"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics are the series about this process; those about reviews and rules
// belong to package admission. All exist at zero from the start.
type metrics struct {
	certificateEnds prometheus.Gauge
	synced          *prometheus.GaugeVec
	ready           prometheus.Gauge
	build           *prometheus.GaugeVec
}

func newMetrics() *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		certificateEnds: gauge("holdfast_certificate_expiry_timestamp_seconds", "When the serving certificate ends, in seconds since 1970; 0 if none is loaded."),
		synced:          gauges("holdfast_cluster_synced", "1 if what is watched in the cluster has been read completely, by what it is; always 0 without a cluster.", "watch"),
		ready:           gauge("holdfast_ready", "1 while /readyz says ok."),
		build:           gauges("holdfast_build_info", "Always 1; the labels are version and Go version of this binary.", "version", "goversion"),
	}
	for _, what := range cluster.Watched() {
		m.synced.WithLabelValues(what)
	}
	version, goVersion := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
	}
	m.build.WithLabelValues(version, goVersion).Set(1)
	return m
}

// register adds the series and those of others to a registry, and those of the
// Go runtime and the process where nobody else did. The function that comes
// back takes them out again, so that one process can run a server twice.
func (m *metrics) register(registry prometheus.Registerer, others ...prometheus.Collector) (unregister func(), err error) {
	var mine []prometheus.Collector
	unregister = func() {
		for _, c := range mine {
			registry.Unregister(c)
		}
	}
	for _, c := range append([]prometheus.Collector{m.certificateEnds, m.synced, m.ready, m.build}, others...) {
		if err := registry.Register(c); err != nil {
			unregister()
			return nil, err
		}
		mine = append(mine, c)
	}
	for _, c := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		var already prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err == nil {
			mine = append(mine, c)
		} else if !errors.As(err, &already) {
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
