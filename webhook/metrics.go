package webhook

import (
	"errors"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/holdfast-mesh/holdfast/rules"
)

// admissionBuckets start where a decision usually ends, in seconds. The
// buckets of controller-runtime's webhook metrics start at 5 ms.
var admissionBuckets = []float64{50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 100e-3, 1}

// metrics are the holdfast_* series. Every label is from a closed set, and
// every series of a closed set exists at zero from the start, so that rate()
// sees the first event.
type metrics struct {
	pods            *prometheus.CounterVec
	duration        prometheus.Histogram
	warnings        *prometheus.CounterVec
	rejected        *prometheus.CounterVec
	panics          prometheus.Counter
	validations     *prometheus.CounterVec
	rulesCount      prometheus.Gauge
	rulesInfo       *prometheus.GaugeVec
	rulesErrors     prometheus.Counter
	rulesLastLoad   prometheus.Gauge
	rulesLoadedAt   prometheus.Gauge
	certificateEnds prometheus.Gauge
	synced          *prometheus.GaugeVec
	ready           prometheus.Gauge
	build           *prometheus.GaugeVec
}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		pods: counters("holdfast_pods_total", "Pods decided, by reason code. Dry runs and repeated calls for one pod count too.", "reason"),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "holdfast_admission_duration_seconds", Help: "Time from the first byte of a pod's review to its answer, without TLS.", Buckets: admissionBuckets,
		}),
		warnings:        counters("holdfast_warnings_total", "Warnings sent to those who create pods or rules, by code.", "code"),
		rejected:        counters("holdfast_requests_rejected_total", "Requests that were no admission review, by HTTP status code.", "code"),
		panics:          counter("holdfast_panics_total", "Panics caught while answering; the pods passed unchanged. Any is a defect of holdfast."),
		validations:     counters("holdfast_rules_validations_total", "Rules ConfigMaps judged at admission, by result.", "result"),
		rulesCount:      gauge("holdfast_rules", "Rules in force."),
		rulesInfo:       gauges("holdfast_rules_info", "Always 1; the label is the hash of the rules in force. Replicas that differ serve different rules.", "hash"),
		rulesErrors:     counter("holdfast_rules_load_errors_total", "Edits of the rules that were not put in force because of errors, or because the rules vanished."),
		rulesLastLoad:   gauge("holdfast_rules_last_load_success", "1 if the newest version of the rules is in force, 0 if an older one is, or none."),
		rulesLoadedAt:   gauge("holdfast_rules_loaded_timestamp_seconds", "When the rules in force were loaded, in seconds since 1970; 0 if none are."),
		certificateEnds: gauge("holdfast_certificate_expiry_timestamp_seconds", "When the serving certificate ends, in seconds since 1970; 0 if none is loaded."),
		synced:          gauges("holdfast_cluster_synced", "1 if what is watched in the cluster has been read completely, by what it is; always 0 without a cluster.", "watch"),
		ready:           gauge("holdfast_ready", "1 while /readyz says ok."),
		build:           gauges("holdfast_build_info", "Always 1; the labels are version and Go version of this binary.", "version", "goversion"),
	}
	for _, reason := range rules.Reasons() {
		m.pods.WithLabelValues(string(reason))
	}
	own := []string{WarnInternalError, WarnUnreadablePod, WarnNeedlessRequest, WarnRulesFile}
	for _, code := range append(rules.WarningCodes(), own...) {
		m.warnings.WithLabelValues(code)
	}
	for _, code := range refusalCodes {
		m.rejected.WithLabelValues(strconv.Itoa(code))
	}
	for _, result := range []string{validationAccepted, validationDenied} {
		m.validations.WithLabelValues(result)
	}
	for _, what := range []string{watchNamespaces, watchIstioSettings, watchIstioTags, watchRules} {
		m.synced.WithLabelValues(what)
	}
	version, goVersion := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, goVersion = info.Main.Version, info.GoVersion
	}
	m.build.WithLabelValues(version, goVersion).Set(1)
	return m
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{
		m.pods, m.duration, m.warnings, m.rejected, m.panics, m.validations, m.rulesCount, m.rulesInfo,
		m.rulesErrors, m.rulesLastLoad, m.rulesLoadedAt, m.certificateEnds, m.synced, m.ready, m.build,
	}
}

// register adds the series to a registry, and those of the Go runtime and the
// process where nobody else did. The function that comes back takes them out
// again, so that one process can run a server twice.
func (m *metrics) register(registry prometheus.Registerer) (unregister func(), err error) {
	var mine []prometheus.Collector
	unregister = func() {
		for _, c := range mine {
			registry.Unregister(c)
		}
	}
	for _, c := range m.all() {
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

func (m *metrics) decided(reason rules.Reason, took time.Duration) {
	m.pods.WithLabelValues(string(reason)).Inc()
	m.duration.Observe(took.Seconds())
}

func (m *metrics) refused(code int)     { m.rejected.WithLabelValues(strconv.Itoa(code)).Inc() }
func (m *metrics) warned(code string)   { m.warnings.WithLabelValues(code).Inc() }
func (m *metrics) judged(result string) { m.validations.WithLabelValues(result).Inc() }

func (m *metrics) setSynced(what string, synced bool) {
	m.synced.WithLabelValues(what).Set(boolValue(synced))
}

func (m *metrics) rulesLoaded(set *rules.Set, at time.Time) {
	m.rulesCount.Set(float64(len(set.File().Rules)))
	m.rulesInfo.Reset() // one hash at a time, or every edit would leave a series behind
	m.rulesInfo.WithLabelValues(set.Hash()).Set(1)
	m.rulesLastLoad.Set(1)
	m.rulesLoadedAt.Set(float64(at.UnixNano()) / 1e9)
}

func (m *metrics) rulesNotLoaded() {
	m.rulesErrors.Inc()
	m.rulesLastLoad.Set(0)
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
