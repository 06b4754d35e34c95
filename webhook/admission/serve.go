package admission

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// reviewer decides about reviews whose object is an O. All that comes before
// and after a decision is serve's.
type reviewer[O any] interface {
	// decode reads a review of a weight, as decodeReview does.
	decode(body []byte, weight int) (*request[O], error)
	// decide makes the response to a review. An error is a defect of holdfast,
	// as a panic is.
	// It may stop when ctx ends: nobody waits for the answer any more.
	decide(ctx context.Context, r *request[O]) (response, error)
	// survive makes the response after a defect.
	survive(r *request[O], defect any) response
}

// serve takes a review from the request's body to the answer's. Reviews of
// anything but what is expected are admitted with a warning.
func serve[O any](w http.ResponseWriter, r *http.Request, m *Metrics, expected *expectation, h reviewer[O]) {
	b := &body{received: time.Now()}
	defer b.giveBack()
	if refused := b.read(w, r); refused != nil {
		refuse(w, r, refused, m)
		return
	}
	b.weight = weight(b.data)
	taken := min(b.weight, maxReviewWeight)
	if !reviewMemory.take(r.Context(), taken, nil) {
		refuse(w, r, tooBusy(), m)
		return
	}
	defer reviewMemory.give(taken)
	answer, record, err := answerTo(r.Context(), b, m, expected, h)
	// Last, and also for a client that has left.
	defer record()
	switch {
	case r.Context().Err() != nil:
		return // the client has left
	case errors.Is(err, errNoTurn):
		refuse(w, r, tooBusy(), m)
		return
	case err != nil:
		refuse(w, r, &refusal{http.StatusBadRequest, clip.Text(err.Error(), 400)}, m)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer))) // so that HTTP/1.1 needs no chunks
	// A client that went away is its own affair: its API server has decided. It waits
	// for these bytes and for nothing else: what is recorded is recorded afterwards.
	_, _ = w.Write(answer)
	_ = http.NewResponseController(w).Flush()
}

// answerTo takes a body to the answer's body, and to what there is to record once
// that is sent. An error means that the body is no review, or that there was no
// turn for it. A defect, error or panic, becomes what the reviewer answers then;
// the answer needs the review's uid, or the API server takes it for a failed
// call.
func answerTo[O any](ctx context.Context, b *body, m *Metrics, expected *expectation, h reviewer[O]) (answer []byte, record func(), err error) {
	var r *request[O]
	nothing := func() {}
	survive := func(defect any) ([]byte, error) {
		if r == nil {
			r = &request[O]{UID: uidOf(b.data)}
		}
		r.received = b.received
		return encodeAnswer(r.UID, h.survive(r, defect))
	}
	defer func() {
		switch caught := recover(); caught {
		case nil:
		case http.ErrAbortHandler: // net/http's own way to end a request
			panic(caught)
		default:
			record = nothing
			answer, err = survive(caught)
		}
	}()
	if r, err = h.decode(b.data, b.weight); err != nil {
		return nil, nothing, err
	}
	r.received = b.received
	if got := unexpected(r, expected); got != "" {
		m.warned(warnNeedlessRequest)
		answer, err = encodeAnswer(r.UID, allowed(got))
		return answer, nothing, err
	}
	decided, err := h.decide(ctx, r)
	if errors.Is(err, errNoTurn) {
		return nil, nothing, err
	}
	if err == nil {
		answer, err = encodeAnswer(r.UID, decided)
	}
	if err != nil {
		answer, err = survive(err)
		return answer, nothing, err
	}
	return answer, func() {
		defer func() {
			if caught := recover(); caught != nil { // the answer stands; the defect is told
				h.survive(r, caught)
			}
		}()
		if decided.record != nil {
			decided.record()
		}
	}, nil
}

// uidOf reads the uid alone, for when reading the whole review panicked.
func uidOf(body []byte) (uid string) {
	defer func() { _ = recover() }()
	if r, err := decodeReview[struct{}](body, 0); err == nil {
		uid = r.UID
	}
	return uid
}

// defective counts a defect and logs it with its stack.
func defective(m *Metrics, log logr.Logger, message string, defect any, fields ...any) {
	m.panics.Inc()
	m.warned(warnInternalError)
	log.Error(nil, message, append(fields, "panic", defect, "stack", string(debug.Stack()))...)
}
