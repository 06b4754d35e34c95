package admission

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
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

// body is the body of one request. What is decoded of it are parts of its text, so
// it is never written again, and goes with the last of them.
type body struct {
	received time.Time // when reading it began
	data     []byte
	taken    int // of bodyMemory, for what is larger than usual
	weight   int // of the review in it

	// For whoever waits for memory that a slow sender holds.
	began  time.Time // when it got some
	cut    atomic.Bool
	cutOff func() // nil as long as it holds none
}

// giveBack ends the use of a body when its request is answered.
func (b *body) giveBack() {
	b.data = nil
	bodyMemory.give(b.taken)
}

// read reads the JSON body of a POST, or says why not. Memory is taken for what
// has come: a Content-Length alone is only a promise.
func (b *body) read(w http.ResponseWriter, r *http.Request) *refusal {
	if refused := checkHeader(r); refused != nil {
		return refused
	}
	if r.ContentLength > maxBodyBytes {
		return tooLarge()
	}
	b.data = make([]byte, 0, firstBytes(r.ContentLength))
	err := b.fill(w, r)
	switch {
	case b.cut.Load():
		return &refusal{http.StatusRequestTimeout, fmt.Sprintf("got %d bytes of the body in %s while others waited for memory, want all of it at once", len(b.data), time.Since(b.began).Round(time.Millisecond))}
	case errors.Is(err, errNoMemory):
		return tooBusy()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{http.StatusRequestTimeout, fmt.Sprintf("got %d bytes of the body in time, want all of it", len(b.data))}
	case err != nil:
		return &refusal{http.StatusBadRequest, "cannot read the body: " + clip.Text(err.Error(), 200)}
	case len(b.data) > maxBodyBytes:
		return tooLarge()
	case len(b.data) == 0:
		return &refusal{http.StatusBadRequest, "got an empty body, want an AdmissionReview (" + reviewAPIVersion + ")"}
	}
	return nil
}

// errNoMemory ends reading a body that others leave no room for.
var errNoMemory = errors.New("too many bodies at a time")

// firstBytes is how much room a body of a length has before any of it has come.
func firstBytes(length int64) int64 {
	if length < 0 {
		return firstBodyBytes
	}
	return min(length, firstBodyBytes)
}

// fill reads until the end, or one byte too many.
func (b *body) fill(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	for int64(len(b.data)) != r.ContentLength {
		if len(b.data) == cap(b.data) {
			size := b.next(r.ContentLength)
			if size > usualBodyBytes && b.cutOff == nil {
				var arrived func()
				ctx, arrived = b.mayBeCut(ctx, w)
				defer arrived()
			}
			if err := b.grow(ctx, size); err != nil {
				return err
			}
		}
		n, err := r.Body.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(b.data) > maxBodyBytes:
			return nil
		}
	}
	return nil
}

// mayBeCut lets others end the reading, until it has arrived.
func (b *body) mayBeCut(ctx context.Context, w http.ResponseWriter) (cuttable context.Context, arrived func()) {
	cuttable, cancel := context.WithCancel(ctx)
	b.cutOff = func() {
		if !b.cut.Swap(true) {
			cancel()
			// Without a deadline the one of the whole request counts.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now())
		}
	}
	return cuttable, func() {
		bodyMemory.arrived(b)
		cancel()
	}
}

// next is how much room to make: for the whole body if its length is known, as those of API
// servers are, so that nobody who holds some waits for more; or twice as much.
func (b *body) next(length int64) int {
	if length >= 0 {
		return int(length)
	}
	return min(2*cap(b.data), maxBodyBytes+1)
}

// grow makes room for so many bytes. What is larger than usual counts.
func (b *body) grow(ctx context.Context, size int) error {
	if size > usualBodyBytes {
		more := size - b.taken
		if !bodyMemory.take(ctx, more, func() { bodyMemory.cutSlow(more, b) }) {
			return errNoMemory
		}
		if b.taken == 0 {
			b.began = time.Now()
			bodyMemory.arriving(b)
		}
		b.taken = size
	}
	b.data = append(make([]byte, 0, size), b.data...)
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

func tooLarge() *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("got a body of more than %d bytes, want at most that", maxBodyBytes)}
}

func tooBusy() *refusal {
	return &refusal{http.StatusTooManyRequests, fmt.Sprintf("got more requests at a time than fit into memory, and no room within %s, want them later", turnWait)}
}

// refuse answers a refused request. The metric counts it.
func refuse(w http.ResponseWriter, r *http.Request, refused *refusal, m *Metrics) {
	m.refused(refused.code)
	if refused.code == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	unread := r.ContentLength != 0
	control := http.NewResponseController(w)
	if unread {
		// Otherwise the server reads on before it answers. Errors: only the tests'
		// recorder cannot do these.
		_ = control.EnableFullDuplex()
		w.Header().Set("Connection", "close")
	}
	http.Error(w, "holdfast: "+refused.text, refused.code)
	if unread {
		// A sender that still sends gets to read the answer instead of a broken
		// connection, if it ends soon.
		_, _ = control.Flush(), control.SetReadDeadline(time.Now().Add(drainTime))
		_, _ = io.CopyN(io.Discard, r.Body, drainBodyBytes)
	}
}
