package admission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// refusal is a request that is no admission review: it gets an HTTP error with
// one line of text that says what was expected.
type refusal struct {
	code int
	text string
}

// Codes of holdfast_requests_rejected_total.
var refusalCodes = []int{
	http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestTimeout,
	http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests,
}

// bodies holds buffers for request bodies, and bounds how many large ones are
// in memory at a time. Decoded strings are copies, so a buffer is free again
// once its review is decoded.
type bodies struct {
	pool   sync.Pool
	once   sync.Once
	places chan struct{} // one for each large body in memory
}

// body is a request's body.
type body struct {
	bytes.Buffer
	large bool // holds a place
}

func (b *bodies) get() *body {
	if buf, ok := b.pool.Get().(*body); ok {
		buf.Reset()
		return buf
	}
	return new(body)
}

// put takes a body back when its request is answered.
func (b *bodies) put(buf *body) {
	if buf.large {
		<-b.places
		return // a rare big one should not stay in memory
	}
	if buf.Cap() <= keepBodyBytes {
		b.pool.Put(buf)
	}
}

// place waits, for largeBodyWait at most, until there is room for one more
// large body.
func (b *bodies) place(ctx context.Context, buf *body) bool {
	b.once.Do(func() { b.places = make(chan struct{}, maxLargeBodies) })
	late := time.NewTimer(largeBodyWait)
	defer late.Stop()
	select {
	case b.places <- struct{}{}:
		buf.large = true
	case <-late.C:
	case <-ctx.Done():
	}
	return buf.large
}

// read reads the JSON body of a POST into buf, or says why not. Memory is taken
// for what has come: a Content-Length alone is only a promise.
func (b *bodies) read(r *http.Request, buf *body) *refusal {
	if refused := checkHeader(r); refused != nil {
		return refused
	}
	if r.ContentLength > MaxBodyBytes {
		return tooLarge(r)
	}
	if r.ContentLength > 0 {
		// ReadFrom wants MinRead bytes of room to see the end without growing.
		buf.Grow(int(min(r.ContentLength, usualBodyBytes)) + bytes.MinRead)
	}
	rest := io.LimitReader(r.Body, MaxBodyBytes+1)
	_, err := buf.ReadFrom(io.LimitReader(rest, keepBodyBytes+1))
	if err == nil && buf.Len() > keepBodyBytes {
		if !b.place(r.Context(), buf) {
			return tooBusy(r)
		}
		_, err = buf.ReadFrom(rest)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{http.StatusRequestTimeout, fmt.Sprintf("got %d bytes of the body in time, want all of it", buf.Len())}
	case err != nil:
		return &refusal{http.StatusBadRequest, "cannot read the body: " + clip.Text(err.Error(), 200)}
	case buf.Len() > MaxBodyBytes:
		return tooLarge(r)
	case buf.Len() == 0:
		return &refusal{http.StatusBadRequest, "got an empty body, want an AdmissionReview (" + reviewAPIVersion + ")"}
	}
	return nil
}

// checkHeader looks at what comes before the body.
func checkHeader(r *http.Request) *refusal {
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
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &refusal{http.StatusUnsupportedMediaType, fmt.Sprintf("got Content-Encoding %q, want the body as it is", clip.Text(encoding, 80))}
	}
	return nil
}

func tooLarge(r *http.Request) *refusal {
	drain(r)
	return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("got a body of more than %d bytes, want at most that", MaxBodyBytes)}
}

func tooBusy(r *http.Request) *refusal {
	drain(r)
	return &refusal{http.StatusTooManyRequests, fmt.Sprintf("got more than %d bodies of over %d bytes at a time, want them later", maxLargeBodies, keepBodyBytes)}
}

// drain throws a body away, so that its sender gets to read the answer instead
// of a broken connection.
func drain(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, drainBodyBytes) }

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
