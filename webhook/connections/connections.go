// Package connections bounds what connections to a server may cost: how many are open at a
// time (connections.go), and how long each may take for a step (deadlines.go).
package connections

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// Listener bounds how many of its connections are open at a time. One more closes
// the one that is least likely an API server's: it never waits, or whoever opens
// many connections and sends nothing would keep everybody else out.
type Listener struct {
	net.Listener
	most    int
	crowded func()
	start   time.Time

	mu   sync.Mutex
	open map[*connection]bool
}

// Bound bounds the connections of a listener. crowded is called for each that was closed to
// make room.
func Bound(listener net.Listener, most int, crowded func()) *Listener {
	return &Listener{Listener: listener, most: most, crowded: crowded, start: time.Now(), open: map[*connection]bool{}}
}

// connection is one of them. Times are since the start of the listener, so that who sets the
// clock ends none.
type connection struct {
	net.Conn
	of       *Listener
	from     string // the host at the other end
	accepted time.Duration

	good atomic.Int64 // when the last request came that got a good answer; 0: none has
	due  atomic.Int64 // when it has waited too long for what it waits for
	idle atomic.Bool  // that is the next request, and nothing has come of it
}

// Accept takes the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from, _, _ := net.SplitHostPort(accepted.RemoteAddr().String())
	one := &connection{Conn: accepted, of: l, from: from, accepted: l.now()}
	one.wait(one.accepted, headerTimeout)
	if surplus := l.add(one); surplus != nil {
		_ = surplus.Close()
		l.crowded()
	}
	return one, nil
}

// add remembers one, and returns the one to close for it, nil if there is room.
func (l *Listener) add(one *connection) (surplus *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.most {
		surplus = l.leastUseful()
	}
	l.open[one] = true
	return surplus
}

// leastUseful is, of the host that has most connections, the oldest one without a good
// request; if there is none, the one whose last good request is longest ago.
func (l *Listener) leastUseful() (least *connection) {
	hosts := map[string]int{}
	for one := range l.open {
		hosts[one.from]++
	}
	for one := range l.open {
		if least == nil || cmp.Or(
			cmp.Compare(hosts[least.from], hosts[one.from]),
			cmp.Compare(one.good.Load(), least.good.Load()),
			cmp.Compare(one.accepted, least.accepted),
		) < 0 {
			least = one
		}
	}
	return least
}

// Close closes the connection, and forgets it.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// Serve serves until the server is shut down, as its own methods do, over TLS if it has a
// configuration for that. What the server had for ConnContext and ConnState is not called; its
// timeouts should be zero.
func (l *Listener) Serve(server *http.Server) error {
	server.Handler, server.ConnContext, server.ConnState = watched(server.Handler), withConnection, answered
	ctx, end := context.WithCancel(context.Background())
	var sweeper background.Tasks
	defer sweeper.Wait()
	defer end()
	sweeper.Go(func() { l.sweep(ctx) })
	if server.TLSConfig != nil {
		return server.ServeTLS(l, "", "")
	}
	return server.Serve(l)
}

// watched notes on a request's connection how long the request may take, and whether its answer
// was good.
func watched(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one := r.Context().Value(connectionKey{}).(*connection)
		now := one.of.now()
		one.idle.Store(false)
		one.wait(now, requestTimeout)
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(seen, r)
		if seen.status == http.StatusOK {
			one.good.Store(int64(now))
		}
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// withConnection is a ConnContext of http.Server.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, ours(c))
}

// ours is what a Listener has accepted, below TLS.
func ours(c net.Conn) *connection {
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	return c.(*connection)
}
