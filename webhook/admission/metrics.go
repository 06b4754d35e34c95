package admission

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
)

// admissionBuckets start where a decision usually ends, in seconds. The
// buckets of controller-runtime's webhook metrics are decades.
var admissionBuckets = []float64{50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 100e-3, 1}

// Metrics are the series about reviews and rules. Every label is from a closed
// set, and every series of a closed set exists at zero from the start, so that
// rate() sees the first event.
type Metrics struct {
	prometheus.Collector // of all of them

	pods          *prometheus.CounterVec
	duration      prometheus.Histogram
	warnings      *prometheus.CounterVec
	rejected      *prometheus.CounterVec
	panics        prometheus.Counter
	validations   *prometheus.CounterVec
	rulesCount    prometheus.Gauge
	rulesInfo     *prometheus.GaugeVec
	rulesErrors   prometheus.Counter
	rulesLastLoad prometheus.Gauge
	rulesLoadedAt prometheus.Gauge
}

// NewMetrics makes the series, in no registry yet.
func NewMetrics() *Metrics {
	registry := prometheus.NewRegistry()
	into := promauto.With(registry)
	counter := func(name, help string) prometheus.Counter {
		return into.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return into.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return into.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &Metrics{
		Collector: registry,
		pods:      counters("holdfast_pods_total", "Pods decided, by reason code. Dry runs and repeated calls for one pod count too.", "reason"),
		duration: into.NewHistogram(prometheus.HistogramOpts{
			Name: "holdfast_admission_duration_seconds", Help: "Time from the first byte of a pod's review to its answer, without TLS.", Buckets: admissionBuckets,
		}),
		warnings:    counters("holdfast_warnings_total", "Warnings sent to those who create pods or rules, by code.", "code"),
		rejected:    counters("holdfast_requests_rejected_total", "Requests that were no admission review, by HTTP status code.", "code"),
		panics:      counter("holdfast_panics_total", "Panics caught while answering; the pods passed unchanged. Any is a defect of holdfast."),
		validations: counters("holdfast_rules_validations_total", "Rules ConfigMaps judged at admission, by result.", "result"),
		rulesCount:  gauge("holdfast_rules", "Rules in force."),
		rulesInfo: into.NewGaugeVec(prometheus.GaugeOpts{
			Name: "holdfast_rules_info", Help: "Always 1; the label is the hash of the rules in force. Replicas that differ serve different rules.",
		}, []string{"hash"}),
		rulesErrors:   counter("holdfast_rules_load_errors_total", "Edits of the rules that were not put in force because of errors, or because the rules vanished."),
		rulesLastLoad: gauge("holdfast_rules_last_load_success", "1 if the newest version of the rules is in force, 0 if an older one is, or none."),
		rulesLoadedAt: gauge("holdfast_rules_loaded_timestamp_seconds", "When the rules in force were loaded, in seconds since 1970; 0 if none are."),
	}
	for _, reason := range rules.Reasons() {
		m.pods.WithLabelValues(string(reason))
	}
	for _, code := range append(rules.WarningCodes(), warnInternalError, warnUnreadablePod, warnNeedlessRequest, warnRulesFile) {
		m.warnings.WithLabelValues(string(code))
	}
	for _, code := range refusalCodes {
		m.rejected.WithLabelValues(strconv.Itoa(code))
	}
	for _, result := range []validation{accepted, denied} {
		m.validations.WithLabelValues(string(result))
	}
	return m
}

func (m *Metrics) decided(reason rules.Reason, took time.Duration) {
	m.pods.WithLabelValues(string(reason)).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *Metrics) refused(code int)              { m.rejected.WithLabelValues(strconv.Itoa(code)).Inc() }
func (m *Metrics) warned(code rules.WarningCode) { m.warnings.WithLabelValues(string(code)).Inc() }
func (m *Metrics) judged(with validation)        { m.validations.WithLabelValues(string(with)).Inc() }

func (m *Metrics) rulesLoaded(set *decide.Set, at time.Time) {
	m.rulesCount.Set(float64(len(set.File().Rules)))
	m.rulesInfo.Reset() // one hash at a time, or every edit would leave a series behind
	m.rulesInfo.WithLabelValues(set.Hash()).Set(1)
	m.rulesLastLoad.Set(1)
	m.rulesLoadedAt.Set(float64(at.UnixNano()) / 1e9)
}

func (m *Metrics) rulesNotLoaded() {
	m.rulesErrors.Inc()
	m.rulesLastLoad.Set(0)
}
