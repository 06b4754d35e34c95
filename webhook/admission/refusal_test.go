package admission

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// A request that is no review gets an HTTP error with a line that helps.
func TestRefusedRequests(t *testing.T) {
	good := reviewOf(`{"metadata":{"name":"cart"}}`)
	for _, test := range []struct {
		name, method, contentType, body string
		code                            int
		text                            string
	}{
		{"wrong method", "GET", "application/json", "", 405, "want POST"},
		{"put", "PUT", "application/json", good, 405, "want POST"},
		{"no content type", "POST", "", good, 415, "want application/json"},
		{"form", "POST", "application/x-www-form-urlencoded", good, 415, "want application/json"},
		{"broken content type", "POST", ";;;", good, 415, "want application/json"},
		{"empty", "POST", "application/json", "", 400, "empty body"},
		{"not JSON", "POST", "application/json", "hello", 400, "cannot decode"},
		{"truncated", "POST", "application/json", good[:len(good)/2], 400, "cannot decode"},
		{"two documents", "POST", "application/json", good + good, 400, "cannot decode"},
		{"invalid UTF-8", "POST", "application/json", strings.Replace(good, "cart", "c\xff", 1), 400, "UTF-8"},
		{"duplicate names", "POST", "application/json", strings.Replace(good, `"uid":"u-1"`, `"uid":"u-1","uid":"u-2"`, 1), 400, "duplicate"},
		{"an array", "POST", "application/json", "[]", 400, "cannot decode"},
		{"null", "POST", "application/json", "null", 400, "want \"admission.k8s.io/v1\""},
		{"no request", "POST", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 400, "without request"},
		{"request null", "POST", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`, 400, "without request"},
		{"an old version", "POST", "application/json", strings.Replace(good, "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1), 400, "v1beta1"},
		{"another kind", "POST", "application/json", strings.Replace(good, "AdmissionReview", "Pod", 1), 400, `kind "Pod"`},
		{"request of a wrong type", "POST", "application/json", strings.Replace(good, `"uid":"u-1"`, `"uid":17`, 1), 400, "uid"},
		{"too large", "POST", "application/json", strings.Replace(good, "cart", strings.Repeat("x", 8<<20), 1), 413, "7340032"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{MutatePodsPath, ValidateRulesPath} {
				pods := newPodHandler(t, testRules)
				var h http.Handler = pods
				if path == ValidateRulesPath {
					h = &RulesHandler{Metrics: pods.Metrics, Log: pods.Log}
				}
				r := httptest.NewRequest(test.method, path, strings.NewReader(test.body))
				r.Header.Set("Content-Type", test.contentType)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != test.code || !strings.Contains(w.Body.String(), test.text) {
					t.Errorf("%s: got %d %q, want %d and a text with %q", path, w.Code, clip.Text(w.Body.String(), 300), test.code, test.text)
				}
				if strings.Count(w.Body.String(), "\n") != 1 || w.Body.Len() > 600 {
					t.Errorf("%s: got %q, want one short line", path, clip.Text(w.Body.String(), 300))
				}
				code := map[int]string{400: "400", 405: "405", 413: "413", 415: "415"}[test.code]
				if got := value(t, pods.Metrics.rejected.WithLabelValues(code)); got != 1 {
					t.Errorf("holdfast_requests_rejected_total{code=%q} is %v, want 1", code, got)
				}
			}
		})
	}
}

// charset is no other type.
func TestContentTypeWithParameters(t *testing.T) {
	h := newPodHandler(t, testRules)
	r := httptest.NewRequest("POST", MutatePodsPath, strings.NewReader(reviewOf(`{}`)))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	responseOf(t, w)
}
