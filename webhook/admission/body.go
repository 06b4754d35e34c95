package admission

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"

	"github.com/holdfast-mesh/holdfast/webhook/internal/clip"
)

// refusal is a request that is no admission review: it gets an HTTP error with
// one line of text that says what was expected.
type refusal struct {
	code int
	text string
}

// Codes of holdfast_requests_rejected_total.
var refusalCodes = []int{
	http.StatusBadRequest, http.StatusMethodNotAllowed,
	http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
}

// bodies holds buffers for request bodies. Decoded strings are copies, so a
// buffer is free again once its review is decoded.
type bodies struct{ pool sync.Pool }

// keepBodyBytes is the largest buffer worth keeping: reviews of pods are
// 5-50 KB, and a rare big one should not stay in memory.
const keepBodyBytes = 256 << 10

func (b *bodies) get() *bytes.Buffer {
	if buf, ok := b.pool.Get().(*bytes.Buffer); ok {
		buf.Reset()
		return buf
	}
	return new(bytes.Buffer)
}

func (b *bodies) put(buf *bytes.Buffer) {
	if buf.Cap() <= keepBodyBytes {
		b.pool.Put(buf)
	}
}

// readBody reads the JSON body of a POST into buf, or says why not.
func readBody(r *http.Request, buf *bytes.Buffer) *refusal {
	if r.Method != http.MethodPost {
		return &refusal{http.StatusMethodNotAllowed, fmt.Sprintf("got method %s, want POST with an AdmissionReview (%s)", clip.Text(r.Method, 20), reviewAPIVersion)}
	}
	// An API server sends exactly "application/json".
	contentType := r.Header.Get("Content-Type")
	if contentType != "application/json" {
		if media, _, err := mime.ParseMediaType(contentType); err != nil || media != "application/json" {
			return &refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("got Content-Type %q, want application/json", clip.Text(contentType, 80))}
		}
	}
	if r.ContentLength > 0 && r.ContentLength <= MaxBodyBytes {
		// ReadFrom wants MinRead bytes of room to see the end without growing.
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(io.LimitReader(r.Body, MaxBodyBytes+1)); err != nil {
		return &refusal{http.StatusBadRequest, "cannot read the body: " + clip.Text(err.Error(), 200)}
	}
	if buf.Len() > MaxBodyBytes {
		_, _ = io.CopyN(io.Discard, r.Body, drainBodyBytes)
		return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("got a body of more than %d bytes, want at most that", MaxBodyBytes)}
	}
	if buf.Len() == 0 {
		return &refusal{http.StatusBadRequest, "got an empty body, want an AdmissionReview (" + reviewAPIVersion + ")"}
	}
	return nil
}

// badReview is the refusal for a body that decodeReview did not take.
func badReview(err error) *refusal {
	return &refusal{http.StatusBadRequest, clip.Text(err.Error(), 400)}
}

// refuse answers a refused request. The metric counts it.
func refuse(w http.ResponseWriter, r *refusal, m *Metrics) {
	m.refused(r.code)
	if r.code == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	http.Error(w, "holdfast: "+r.text, r.code)
}
