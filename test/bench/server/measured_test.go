package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/reviews"
)

// Reviews are counted with what they took, and the question for it is none.
func TestMeasured(t *testing.T) {
	server := httptest.NewServer(&measured{handler: newBare(nil)})
	defer server.Close()
	var text string
	for _, want := range []string{"_count 0\n", "_count 2\n", "_count 4\n"} {
		if text = scrape(t, server); !strings.Contains(text, variant.Duration+want) {
			t.Errorf("got %s, want %s", text, variant.Duration+want)
		}
		for range 2 {
			// Read to its end, so that the next request comes by the same connection: after the count.
			status, _, err := reviews.Post(t.Context(), server.Client(), server.URL, []byte(`{"request":{"uid":"u"}}`))
			if err != nil || status != http.StatusOK {
				t.Errorf("got HTTP %d %v, want 200", status, err)
			}
		}
	}
	if strings.Contains(text, variant.Duration+"_sum 0\n") {
		t.Errorf("got %s, want a time", text)
	}
}

func scrape(t *testing.T, server *httptest.Server) string {
	response, err := server.Client().Get(server.URL + variant.MetricsPath)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
