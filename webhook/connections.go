package webhook

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
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

	start time.Time

	mu   sync.Mutex
	open map[*connection]bool
}

func bounded(listener net.Listener, most int, crowded func()) *connections {
	return &connections{Listener: listener, most: most, crowded: crowded, start: time.Now(), open: map[*connection]bool{}}
}

// connection is one of them. Times are since the start of connections, so that who sets the
// clock ends none.
type connection struct {
	net.Conn
	of       *connections
	from     string // the host at the other end
	accepted time.Duration

	good atomic.Int64 // when the last request came that got a good answer; 0: none has
	due  atomic.Int64 // when it has waited too long for what it waits for
	idle atomic.Bool  // that is the next request, and nothing has come of it
}

// Accept takes the next connection.
func (c *connections) Accept() (net.Conn, error) {
	accepted, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from, _, _ := net.SplitHostPort(accepted.RemoteAddr().String())
	one := &connection{Conn: accepted, of: c, from: from, accepted: c.now()}
	one.wait(one.accepted, headerTimeout)
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

// leastUseful is, of the host that has most connections, the oldest one without a good
// request; if there is none, the one whose last good request is longest ago.
func (c *connections) leastUseful() (least *connection) {
	hosts := map[string]int{}
	for one := range c.open {
		hosts[one.from]++
	}
	for one := range c.open {
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

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// withConnection is a ConnContext of http.Server.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, accepted(c))
}

// connectionOf is the connection that a request came by.
func connectionOf(r *http.Request) *connection {
	return r.Context().Value(connectionKey{}).(*connection)
}

// accepted is what connections have accepted, below TLS.
func accepted(c net.Conn) *connection {
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	return c.(*connection)
}
