package admission

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// BenchmarkStages times the parts of one admission, warm and cold: between two reviews an
// API server uses the caches, so that what is touched is touched for the first time. Each
// part is a metric of its own, in nanoseconds; those of a part that is nearly nothing are
// mostly the clock's.
func BenchmarkStages(b *testing.B) {
	// More than any cache holds. It is no part of the heap, so that the collector runs as
	// often as it does in a webhook.
	others, err := syscall.Mmap(-1, 0, 64<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		b.Fatal(err)
	}
	defer syscall.Munmap(others)
	evict := func() {
		const line = 64
		for i := 0; i < len(others); i += line {
			others[i]++
		}
	}
	for name, text := range map[string]string{"13KB": bigReview(), "58KB": fatReview()} {
		b.Run(name+"/warm", func(b *testing.B) { benchmarkStages(b, text, func() {}) })
		b.Run(name+"/cold", func(b *testing.B) { benchmarkStages(b, text, evict) })
	}
}

func benchmarkStages(b *testing.B, text string, before func()) {
	h := newPodHandler(b, testRules)
	const everyLine = zapcore.Level(-2) // without it, most of so many a second are left out
	h.Log = zap.New(zap.WriteTo(discardLog{}), zap.Level(everyLine))
	h.Cluster = fakeCluster{namespaces: map[string]map[string]string{"shop": {"holdfast.dev/enabled": "true"}}}
	header := http.Header{"Content-Type": {"application/json"}}
	names := []string{"read", "weigh", "decode", "decide", "patch", "answer", "record"}
	times := make([][]time.Duration, len(names))
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, MutatePodsPath, strings.NewReader(text))
		r.Header = header
		before()
		stage, last := 0, time.Now()
		done := func() {
			now := time.Now()
			times[stage] = append(times[stage], now.Sub(last))
			stage++
			last = time.Now()
		}
		var received body
		if refused := received.read(discard{http.Header{}}, r); refused != nil {
			b.Fatal(refused.text)
		}
		done()
		heavy := weight(received.data)
		done()
		review, err := decodePodReview(received.data, heavy)
		if err != nil {
			b.Fatal(err)
		}
		done()
		outcome := h.outcome(review)
		done()
		patch, err := podPatch(review.Object, &outcome)
		if err != nil || patch == nil {
			b.Fatalf("got %s, %v, want a patch", patch, err)
		}
		done()
		resp := allowed()
		resp.Patch, resp.AuditAnnotations = patch, audit(&outcome)
		if _, err := encodeAnswer(review.UID, resp); err != nil {
			b.Fatal(err)
		}
		done()
		h.record(review, &outcome)
		done()
		received.giveBack()
	}
	for i, name := range names {
		slices.Sort(times[i])
		b.ReportMetric(float64(times[i][len(times[i])/2].Nanoseconds()), name+"-ns")
	}
	b.ReportMetric(0, "ns/op") // with what evicts
}

type discardLog struct{}

func (discardLog) Write(p []byte) (int, error) { return len(p), nil }
