package certificates_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// gate is what leads from the Service to its endpoints, in place of kube-proxy, which
// cannot run here: each connection goes to the next replica that is ready.
type gate struct {
	listener net.Listener
	next     atomic.Int64

	mu       sync.Mutex
	replicas []*replica
}

func openGate() (*gate, error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return nil, err
	}
	g := &gate{listener: listener}
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go g.lead(from)
		}
	}()
	return g, nil
}

func (g *gate) address() string { return g.listener.Addr().String() }
func (g *gate) close()          { _ = g.listener.Close() }

// forget takes all replicas out.
func (g *gate) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.replicas = nil
}

func (g *gate) add(r *replica) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.replicas = append(g.replicas, r)
}

// lead copies one connection. API servers keep theirs for long, so that a handshake
// that would fail may not happen: stream.shake does them beside.
func (g *gate) lead(from net.Conn) {
	defer from.Close()
	g.mu.Lock()
	list := append([]*replica{}, g.replicas...)
	g.mu.Unlock()
	for range list {
		r := list[int(g.next.Add(1))%len(list)]
		if ok, _ := r.ready(); !ok {
			continue
		}
		to, err := net.Dial("tcp", r.Webhook)
		if err != nil {
			continue
		}
		defer to.Close()
		go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
		_, _ = io.Copy(from, to)
		return
	}
}

// line is a replica's way to the API server, which can be cut.
type line struct {
	away atomic.Bool

	mu   sync.Mutex
	open []net.Conn
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.away.Load() {
		return nil, &net.OpError{Op: "dial", Net: network, Err: context.DeadlineExceeded}
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
	if err == nil {
		l.mu.Lock()
		l.open = append(l.open, conn)
		l.mu.Unlock()
	}
	return conn, err
}

// cut ends all connections, and lets no other come about until it is mended.
func (l *line) cut() {
	l.away.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.open {
		_ = conn.Close()
	}
	l.open = nil
}

func (l *line) mend() { l.away.Store(false) }
