// Package probe is the application's side of the lab: clients that use a server the way
// programs do, and write down what became of each connection and each request.
//
// The raw client ("tcp") keeps one socket and blocks in read, so that it sees the very
// moment of a cut. The pools ("mysql", "redis", "memcached") are the well-known Go clients
// with their default settings; a watcher reads the kernel's socket table beside them, so
// that what happens to an idle pooled connection is known before the pool itself knows.
package probe

import (
	"context"
	"fmt"
	"time"
)

// Spec is one client's work: a request at once, one every Every, and a last one at For.
// It is JSON on the client program's standard input; durations are nanoseconds.
type Spec struct {
	// Name tells this client from the scenario's others.
	Name string `json:"name"`
	// Client is "tcp", "mysql", "redis", "memcached" or "http".
	Client string `json:"client"`
	// Address is host:port, the host an IP address.
	Address string `json:"address"`
	// Every is the idle time between two requests; 0: nothing between the first and the last.
	Every time.Duration `json:"every"`
	// For is the time of the last request, counted from the first.
	For time.Duration `json:"for"`
	// GiveUp is how long the application waits for one answer.
	GiveUp time.Duration `json:"giveUp"`
	// Keepalive is the time before the first TCP keepalive probe, and between probes,
	// on the socket of a "tcp" client; 0: none. Pools use their own defaults.
	Keepalive time.Duration `json:"keepalive,omitempty"`
	// Send is what a "tcp" client sends, without the line's end; "" means "PING". The
	// answer is one line.
	Send string `json:"send,omitempty"`
	// Statement is what a "mysql" client asks; "" means SELECT 1.
	Statement string `json:"statement,omitempty"`
	// Hold keeps a "mysql" client inside one transaction between its requests.
	Hold bool `json:"hold,omitempty"`
	// Patience is how long a "tcp" client that cannot connect tries again; each failed attempt
	// counts as a failed request. 0: a server that is not there is an error.
	Patience time.Duration `json:"patience,omitempty"`
	// Waypoint is the host:port of an ambient waypoint, through whose tunnel a "tcp" client reaches
	// Address; "": it needs none.
	Waypoint string `json:"waypoint,omitempty"`
	// Identity is a folder with tls.crt and tls.key, with which it asks the waypoint.
	Identity string `json:"identity,omitempty"`
	// Linger is how long the program goes on working after SIGTERM, before it closes its
	// connections and ends, as programs do that finish their work first; 0: it ends at once.
	Linger time.Duration `json:"linger,omitempty"`
}

// End says what became of a connection.
type End string

const (
	// Open: it was there when the client stopped, and its last request was answered.
	Open End = "open"
	// Closed: the other side closed it (FIN), and the client had not asked for that.
	Closed End = "closed"
	// Reset: the other side aborted it (RST).
	Reset End = "reset"
	// TimedOut: the kernel's keepalive probes found the other side gone.
	TimedOut End = "timed out"
	// Silent: it looked open, but a request on it got no answer before the client gave up.
	Silent End = "silent"
)

// Connection is the life of one TCP connection.
type Connection struct {
	Opened time.Time `json:"opened"`
	// Ended is when it was cut, when the client gave up on it, or when the client stopped.
	Ended time.Time `json:"ended"`
	// LastByte is when the last answer came.
	LastByte time.Time `json:"lastByte,omitzero"`
	End      End       `json:"end"`
	// Error is the text that the client's read or write returned, "" when there was none.
	Error string `json:"error,omitempty"`
}

// Request is one request of the application.
type Request struct {
	At   time.Time     `json:"at"`
	Took time.Duration `json:"took"`
	// Error is what the client library gave to the application, "" for an answer.
	Error string `json:"error,omitempty"`
}

// Result is what a client saw.
type Result struct {
	Name        string       `json:"name"`
	Connections []Connection `json:"connections"`
	Requests    []Request    `json:"requests"`
}

// Failed counts the requests that ended in an error.
func (r *Result) Failed() int {
	n := 0
	for _, q := range r.Requests {
		if q.Error != "" {
			n++
		}
	}
	return n
}

// Run does the work of spec, until Linger after the end of ctx. ready is called once, after the
// first answer or the first failed attempt to connect. A "tcp" client calls sofar after each
// request with what it has seen until then: one that is killed gets no other word out. An error
// means that the client could not start (nothing was measured); what happens later is in Result.
func Run(ctx context.Context, spec Spec, ready func(), sofar func(*Result)) (*Result, error) {
	working, stop := Linger(ctx, spec.Linger)
	defer stop()
	switch spec.Client {
	case "tcp":
		return runTCP(working, spec, ready, sofar)
	case "mysql", "redis", "memcached", "http":
		return runPool(working, spec, ready)
	}
	return nil, fmt.Errorf("client: got %q, want tcp, mysql, redis, memcached or http", spec.Client)
}

// Linger is a context that ends that long after ctx.
func Linger(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(d, stop) })
	return working, stop
}

// schedule calls request at once, every Every, and at For, until it returns false. A
// request that falls within half an Every of the last one is left out: it would cut the
// idle period short.
func schedule(ctx context.Context, spec Spec, request func(first bool) bool) {
	start := time.Now()
	if !request(true) {
		return
	}
	next := start
	for {
		last := true
		if spec.Every > 0 && next.Add(spec.Every+spec.Every/2).Before(start.Add(spec.For)) {
			next, last = next.Add(spec.Every), false
		} else {
			next = start.Add(spec.For)
		}
		// An answer that came late moves everything after it: the idle period counts
		// from the answer.
		if spec.Every > 0 {
			if earliest := time.Now().Add(spec.Every / 2); next.Before(earliest) {
				next = time.Now().Add(spec.Every)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
		if !request(false) || last {
			return
		}
	}
}
