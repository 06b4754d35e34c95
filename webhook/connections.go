package webhook

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// connections is a listener that bounds how many connections are open at a
// time. One more closes the one that is least likely an API server's: it never
// waits, or whoever opens many connections and sends nothing would keep
// everybody else out.
type connections struct {
	net.Listener
	most    int
	crowded func() // called for each connection that is closed to make room

	mu   sync.Mutex
	open map[*connection]bool
}

func bounded(listener net.Listener, most int, crowded func()) *connections {
	return &connections{Listener: listener, most: most, crowded: crowded, open: map[*connection]bool{}}
}

// connection is one of them.
type connection struct {
	net.Conn
	of   *connections
	from string // the host at the other end

	// Guarded by the mutex of connections.
	since    time.Time // accepted, or last answered
	answered bool      // a request of it was good
}

// Accept takes the next connection.
func (c *connections) Accept() (net.Conn, error) {
	accepted, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from, _, _ := net.SplitHostPort(accepted.RemoteAddr().String())
	one := &connection{Conn: accepted, of: c, from: from, since: time.Now()}
	if surplus := c.add(one); surplus != nil {
		c.crowded()
		_ = surplus.Close()
	}
	return one, nil
}

// add remembers one, and returns the one to close for it, nil if there is room.
func (c *connections) add(one *connection) (surplus *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.most {
		surplus = c.leastUseful()
	}
	c.open[one] = true
	return surplus
}

// leastUseful is the oldest connection without a good request of the host that
// has most of them; with one, if there is no other.
func (c *connections) leastUseful() (least *connection) {
	hosts := map[string]int{}
	for one := range c.open {
		hosts[one.from]++
	}
	for one := range c.open {
		if least == nil || cmp.Or(
			cmp.Compare(hosts[least.from], hosts[one.from]),
			cmp.Compare(boolValue(one.answered), boolValue(least.answered)),
			one.since.Compare(least.since),
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

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// withConnection is a ConnContext of http.Server.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// markGood marks connections whose requests h answers with 200.
func markGood(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(seen, r)
		one, ok := r.Context().Value(connectionKey{}).(*connection)
		if !ok || seen.status != http.StatusOK {
			return
		}
		one.of.mu.Lock()
		defer one.of.mu.Unlock()
		one.answered, one.since = true, time.Now()
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
