package certificates

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// task is a part of the work, as log, readiness and metric call it.
type task string

const (
	taskSecret    task = "secret"    // holding an authority
	taskSign      task = "sign"      // making a serving certificate
	taskConfigure task = "configure" // writing caBundle
)

// Metrics are the series about self-signed certificates. All exist at zero from
// the start.
type Metrics struct {
	prometheus.Collector // of all of them

	authorityEnds prometheus.Gauge
	trusted       prometheus.Gauge
	errors        *prometheus.CounterVec
	writes        *prometheus.CounterVec
}

// NewMetrics makes the series.
func NewMetrics() *Metrics {
	registry := prometheus.NewRegistry()
	into := promauto.With(registry)
	m := &Metrics{
		Collector: registry,
		authorityEnds: into.NewGauge(prometheus.GaugeOpts{
			Name: "holdfast_certificate_authority_expiry_timestamp_seconds",
			Help: "When the authority that signed the serving certificate ends, in seconds since 1970; 0 if there is none. Its successor is made when a third of its life is left.",
		}),
		trusted: into.NewGauge(prometheus.GaugeOpts{
			Name: "holdfast_certificate_trusted", Help: "1 while the caBundle of every webhook holds the authority of the serving certificate.",
		}),
		errors: into.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_certificate_errors_total", Help: "Failures in keeping self-signed certificates, by task: secret, sign, configure. They are tried again.",
		}, []string{"task"}),
		writes: into.NewCounterVec(prometheus.CounterOpts{
			Name: "holdfast_certificate_writes_total", Help: "Writes of this replica to the Secret (task secret) and to the caBundle of webhooks (task configure).",
		}, []string{"task"}),
	}
	for _, t := range []task{taskSecret, taskSign, taskConfigure} {
		m.errors.WithLabelValues(string(t))
	}
	for _, t := range []task{taskSecret, taskConfigure} {
		m.writes.WithLabelValues(string(t))
	}
	return m
}
