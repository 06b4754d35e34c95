package admission

import (
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/internal/jsonscan"
)

// An error says what stands where, in words of JSON and not of Go.
func TestDecodeErrorsArePlain(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"a list instead of a review", `[]`, "got an array at the top"},
		{"a request that is no object", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":7}`, "got a number at /request"},
		{"a uid that is no text", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":{}}}`, "got an object at /request/uid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := decodeReview[podObject]([]byte(test.body), 0)
			if err == nil {
				t.Fatal("got no error")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "webhook.") {
				t.Errorf("got %q, want %q and no names of Go types", err, test.want)
			}
		})
	}
}

// However a review is read, its object's size is known: limits rest on it.
func TestSizeOfObject(t *testing.T) {
	for what, seconds := range map[string]string{"scanned": "30", "decoded": "-0"} {
		object := `{"metadata":{"name":"a"},"spec":{"terminationGracePeriodSeconds":` + seconds + `}}`
		body := []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","object":` + object + `}}`)
		if scanned := scanReview(jsonscan.New(string(body))) != nil; scanned != (what == "scanned") {
			t.Fatalf("%s: got scanned %v", what, scanned)
		}
		r, err := decodePodReview(body, weight(body))
		if err != nil {
			t.Fatal(err)
		}
		if r.size != len(object) {
			t.Errorf("%s: got size %d, want %d", what, r.size, len(object))
		}
	}
}
