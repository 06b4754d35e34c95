//go:build !race

// The race detector allocates, so this is for builds without it.

package admission

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A speed that depends on the machine is for benchmarks; the number of
// allocations is for tests.
func TestAllocations(t *testing.T) {
	h := newPodHandler(t, testRules)
	body := bigReview()
	header := http.Header{"Content-Type": {"application/json"}}
	got := testing.AllocsPerRun(50, func() {
		r := httptest.NewRequest(http.MethodPost, MutatePodsPath, strings.NewReader(body))
		r.Header = header
		h.ServeHTTP(discard{http.Header{}}, r)
	})
	if got > 85 {
		t.Errorf("got %v allocations for a review of 13 KB, want at most 85", got)
	}
}
