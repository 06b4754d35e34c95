package probe

import (
	"context"
	"net"
	"testing"
	"time"
)

// A client with patience is refused until its server listens, and counts that as failed requests.
func TestPatience(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	spec := Spec{Client: "tcp", Address: address, For: 100 * time.Millisecond, GiveUp: time.Second, Patience: 10 * time.Second}
	refused := func() {
		if listener, err = net.Listen("tcp", address); err != nil {
			t.Error(err)
			return
		}
		go func() {
			if conn, err := listener.Accept(); err == nil {
				echo(conn)
			}
		}()
	}
	result, err := Run(t.Context(), spec, refused, func(*Result) {})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	failed := result.Failed()
	if failed == 0 || len(result.Connections) != 1 || result.Connections[0].End != Open || len(result.Requests) != failed+2 {
		t.Errorf("got %+v, want failed attempts, then one connection with two answers", result)
	}
	// One that is never let in has no connection, and is no error.
	listener.Close()
	spec.Patience = time.Millisecond
	if result, err = Run(t.Context(), spec, func() {}, func(*Result) {}); err != nil || len(result.Connections) != 0 || result.Failed() == 0 {
		t.Errorf("got %+v and error %v, want failed attempts only", result, err)
	}
}

// After SIGTERM a client goes on for a while, and ends with its connection as it was.
func TestLingers(t *testing.T) {
	ctx, terminate := context.WithCancel(t.Context())
	spec := Spec{
		Client: "tcp", Address: serve(t, func(conn *net.TCPConn, _ int) { answer(conn) }),
		For: time.Hour, Every: 10 * time.Millisecond, GiveUp: time.Second, Linger: 200 * time.Millisecond,
	}
	var terminated time.Time
	result, err := Run(ctx, spec, func() { terminated = time.Now(); terminate() }, func(*Result) {})
	if err != nil {
		t.Fatal(err)
	}
	if lingered := time.Since(terminated); lingered < spec.Linger || result.Connections[0].End != Open || len(result.Requests) < 3 {
		t.Errorf("got %d requests until %s after the signal, connection %s; want more than the first two, until %s, open",
			len(result.Requests), lingered, result.Connections[0].End, spec.Linger)
	}
}

// The server holds a connection of each kind, and its clients see its end.
func TestServes(t *testing.T) {
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return listener
	}
	lines, web := listen(), listen()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, lines, web) }()
	for client, address := range map[string]string{"tcp": lines.Addr().String(), "http": web.Addr().String()} {
		spec := Spec{Client: client, Address: address, For: 200 * time.Millisecond, Every: 100 * time.Millisecond, GiveUp: time.Second}
		result, err := Run(t.Context(), spec, func() {}, func(*Result) {})
		if err != nil {
			t.Fatal(err)
		}
		if result.Failed() != 0 || len(result.Requests) != 3 || len(result.Connections) != 1 || result.Connections[0].End != Open {
			t.Errorf("%s: got %+v, want three answers on one connection", client, result)
		}
	}
	end()
	if err := <-ended; err != nil {
		t.Errorf("got error %v at its end, want none", err)
	}
}
