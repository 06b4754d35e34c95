package admission

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/holdfast-mesh/holdfast/test/cold"
)

// BenchmarkStages times the parts of one admission, warm and cold: between two reviews an
// API server uses the caches, so that what is touched is touched for the first time. What a
// decision is made of, rules/decide's benchmark of that name tells.
func BenchmarkStages(b *testing.B) {
	evict := cold.Caches(b)
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
	var stages cold.Stages
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, MutatePodsPath, strings.NewReader(text))
		r.Header = header
		before()
		stages.Begin()
		var received body
		if refused := received.read(discard{http.Header{}}, r); refused != nil {
			b.Fatal(refused.text)
		}
		stages.Done("read")
		heavy := weight(received.data)
		stages.Done("weigh")
		review, err := decodePodReview(received.data, heavy)
		if err != nil {
			b.Fatal(err)
		}
		stages.Done("decode")
		pod := h.facts(review)
		stages.Done("facts")
		outcome := h.Decide(h.Store.Set(), pod, h.Options)
		stages.Done("decide")
		patch, err := podPatch(review.Object, &outcome)
		if err != nil || patch == nil {
			b.Fatalf("got %s, %v, want a patch", patch, err)
		}
		stages.Done("patch")
		resp := allowed()
		resp.Patch, resp.AuditAnnotations = patch, audit(&outcome)
		if _, err := encodeAnswer(review.UID, resp); err != nil {
			b.Fatal(err)
		}
		stages.Done("answer")
		h.record(review, &outcome)
		stages.Done("record")
		received.giveBack()
	}
	stages.Report(b)
}

type discardLog struct{}

func (discardLog) Write(p []byte) (int, error) { return len(p), nil }
