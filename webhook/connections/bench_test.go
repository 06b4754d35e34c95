package connections

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/cold"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// BenchmarkRequest times requests over TLS on kept connections, warm and cold: what a Listener
// costs beside a plain http.Server. Both have the same handler, which does nothing, and are asked
// in turn; each is a metric of its own, the median in nanoseconds.
func BenchmarkRequest(b *testing.B) {
	b.Run("warm", func(b *testing.B) { benchmarkRequest(b, func() {}) })
	b.Run("cold", func(b *testing.B) { benchmarkRequest(b, cold.Caches(b)) })
}

func benchmarkRequest(b *testing.B, before func()) {
	authority := newAuthority(b)
	ours, plain := listen(b), listen(b)
	serve(b, Bound(ours, 2, nil), authority, answerNothing)
	server := &http.Server{Handler: http.HandlerFunc(answerNothing), TLSConfig: configuration(b, authority)}
	go func() { _ = server.ServeTLS(plain, "", "") }()
	defer server.Close()
	asked := []struct {
		name, url string
		client    *http.Client
		times     []time.Duration
	}{{name: "plain", url: "https://" + plain.Addr().String()}, {name: "ours", url: "https://" + ours.Addr().String()}}
	for i := range asked {
		asked[i].client = authority.Client()
		defer asked[i].client.CloseIdleConnections()
	}
	body := bytes.Repeat([]byte("x"), 2_400) // as of a small pod
	for n := 0; b.Loop(); n++ {
		for i := range asked {
			one := &asked[(i+n)%len(asked)]
			before()
			begin := time.Now()
			status, _, err := reviews.Post(b.Context(), one.client, one.url, body)
			if one.times = append(one.times, time.Since(begin)); err != nil || status != http.StatusOK {
				b.Fatal(status, err)
			}
		}
	}
	for _, one := range asked {
		slices.Sort(one.times)
		b.ReportMetric(float64(one.times[len(one.times)/2].Nanoseconds()), one.name+"-ns")
	}
	b.ReportMetric(0, "ns/op") // with what evicts
}

// answerNothing reads a request and answers as much as an API server gets.
func answerNothing(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	answer := make([]byte, 500)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer)
}
