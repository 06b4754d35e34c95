package connections

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Nothing that a peer does may take for ever. A deadline of the kernel's or of
// net/http's for each step would be set half a dozen times for each request, and
// none of them is ever met by an API server; so a request only notes what its
// connection waits for and until when, and once in sweepEvery somebody looks.

const (
	// requestTimeout bounds reading a request. An API server waits 30 s at most.
	// Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#timeouts
	requestTimeout = 35 * time.Second
	// headerTimeout bounds the handshake with the first request's header, and the header of each
	// further request from the first byte that comes after the answer before it: what came sooner,
	// as no API server sends it, waits for that byte as an idle connection does.
	headerTimeout = 10 * time.Second
	// idleTimeout is how long a connection is kept without a request: longer than
	// API servers keep it, so that they end it. Who gets a connection ended under
	// a request that is just under way takes it for a failed call.
	// Source: https://pkg.go.dev/net/http#DefaultTransport (IdleConnTimeout, 90 s)
	idleTimeout = 150 * time.Second
	// answerTimeout is how much longer the answer may take, so that whoever
	// sent too slowly is told so.
	answerTimeout = 5 * time.Second
	// sweepEvery is how often connections are looked over: what takes too long ends so much later
	// than it might, at most.
	sweepEvery = time.Second
)

// now is the time since the start.
func (l *Listener) now() time.Duration { return time.Since(l.start) }

// wait notes that from now on the connection may take so long.
func (c *connection) wait(now, limit time.Duration) { c.due.Store(int64(now + limit)) }

// Read reads. What comes of the next request begins its header.
func (c *connection) Read(p []byte) (n int, err error) {
	n, err = c.Conn.Read(p)
	if n > 0 && c.idle.Load() {
		c.idle.Store(false)
		c.wait(c.of.now(), headerTimeout)
	}
	return n, err
}

// answered is a ConnState of http.Server: a connection whose answer is written waits
// for its next request.
func answered(c net.Conn, state http.ConnState) {
	if state == http.StateIdle {
		one := accepted(c)
		one.wait(one.of.now(), idleTimeout)
		one.idle.Store(true)
	}
}

// sweep ends what is overdue, until ctx ends: what is left after that is shut down.
func (l *Listener) sweep(ctx context.Context) {
	ticks := time.NewTicker(sweepEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			l.endOverdue(l.now())
		}
	}
}

// endOverdue ends reading on connections that are overdue, and writing on those whose answer
// is, answerTimeout later. What reads or writes there, a handshake, http.Server or the handler
// of a request, then does what follows: it says 408, or closes the connection. It is told again
// each time: http.Server takes deadlines away where one step ends and the next begins.
// Source: https://github.com/golang/go/blob/go1.26.0/src/net/http/server.go (conn.serve)
func (l *Listener) endOverdue(now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	past := time.Unix(1, 0)
	for one := range l.open {
		over := now - time.Duration(one.due.Load())
		if over >= 0 {
			_ = one.SetReadDeadline(past) // an error: it is closed already
		}
		if over >= answerTimeout {
			_ = one.SetWriteDeadline(past)
		}
	}
}
