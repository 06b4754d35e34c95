package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// measured sums up how long its handler takes, as holdfast does for itself, and says so on
// variant.MetricsPath.
type measured struct {
	handler            http.Handler
	count, nanoseconds atomic.Int64
}

// ServeHTTP answers.
func (m *measured) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == variant.MetricsPath {
		fmt.Fprintf(w, "# TYPE %[1]s summary\n%[1]s_sum %[2]g\n%[1]s_count %[3]d\n", variant.Duration, float64(m.nanoseconds.Load())/1e9, m.count.Load())
		return
	}
	begin := time.Now()
	m.handler.ServeHTTP(w, r)
	m.nanoseconds.Add(int64(time.Since(begin)))
	m.count.Add(1)
}
