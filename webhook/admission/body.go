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

// body is the body of one request. Decoded strings are copies, so it is free
// again once its review is answered.
type body struct {
	bytes.Buffer
	large bool // one of largeBodies
}

// What all handlers of the process share, as they share its memory.
var (
	bodies      sync.Pool // of *body, none large
	largeBodies = make(chan struct{}, maxLargeBodies)
)

func takeBody() *body {
	if b, ok := bodies.Get().(*body); ok {
		b.Reset()
		return b
	}
	return new(body)
}

// giveBack ends the use of a body when its request is answered.
func (b *body) giveBack() {
	if b.large {
		<-largeBodies
		return // a rare big one should not stay in memory
	}
	if b.Cap() <= keepBodyBytes {
		bodies.Put(b)
	}
}

// becomeLarge waits, for largeBodyWait at most, until one more large body may
// be in memory. It reports whether this one may.
func (b *body) becomeLarge(ctx context.Context) bool {
	select {
	case largeBodies <- struct{}{}:
		b.large = true
	case <-time.After(largeBodyWait):
	case <-ctx.Done():
	}
	return b.large
}

// read reads the JSON body of a POST, or says why not. Memory is taken for what
// has come: a Content-Length alone is only a promise.
func (b *body) read(r *http.Request) *refusal {
	if refused := checkHeader(r); refused != nil {
		return refused
	}
	if r.ContentLength > maxBodyBytes {
		return tooLarge(r)
	}
	if r.ContentLength > 0 {
		// ReadFrom wants MinRead bytes of room to see the end without growing.
		b.Grow(int(min(r.ContentLength, usualBodyBytes)) + bytes.MinRead)
	}
	rest := io.LimitReader(r.Body, maxBodyBytes+1)
	_, err := b.ReadFrom(io.LimitReader(rest, keepBodyBytes+1))
	if err == nil && b.Len() > keepBodyBytes {
		if !b.becomeLarge(r.Context()) {
			return tooBusy(r)
		}
		_, err = b.ReadFrom(rest)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{http.StatusRequestTimeout, fmt.Sprintf("got %d bytes of the body in time, want all of it", b.Len())}
	case err != nil:
		return &refusal{http.StatusBadRequest, "cannot read the body: " + clip.Text(err.Error(), 200)}
	case b.Len() > maxBodyBytes:
		return tooLarge(r)
	case b.Len() == 0:
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
	return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("got a body of more than %d bytes, want at most that", maxBodyBytes)}
}

func tooBusy(r *http.Request) *refusal {
	drain(r)
	return &refusal{http.StatusTooManyRequests, fmt.Sprintf("got more than %d bodies of over %d bytes at a time, want them later", maxLargeBodies, keepBodyBytes)}
}

// drain throws a body away, so that its sender gets to read the answer instead
// of a broken connection.
func drain(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, drainBodyBytes) }

// refuse answers a refused request. The metric counts it.
func refuse(w http.ResponseWriter, r *refusal, m *Metrics) {
	m.refused(r.code)
	if r.code == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	http.Error(w, "holdfast: "+r.text, r.code)
}
