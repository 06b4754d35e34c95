package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// Reviews are counted with what they took, and the question for it is none.
func TestMeasured(t *testing.T) {
	server := &measured{handler: newBare(nil)}
	ask := func(method, path, body string) string {
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, httptest.NewRequest(method, path, strings.NewReader(body)))
		if answer.Code != http.StatusOK {
			t.Errorf("%s: got HTTP %d, want 200", path, answer.Code)
		}
		return answer.Body.String()
	}
	var text string
	for _, want := range []string{"_count 0\n", "_count 2\n", "_count 4\n"} {
		if text = ask(http.MethodGet, variant.MetricsPath, ""); !strings.Contains(text, variant.Duration+want) {
			t.Errorf("got %s, want %s", text, variant.Duration+want)
		}
		for range 2 {
			ask(http.MethodPost, "/", `{"request":{"uid":"u"}}`)
		}
	}
	if strings.Contains(text, variant.Duration+"_sum 0\n") {
		t.Errorf("got %s, want a time", text)
	}
}
