package probe

import (
	"bufio"
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// serve answers each line of each connection with act's answer; act may close the connection.
func serve(t *testing.T, act func(conn *net.TCPConn, line int)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				lines := bufio.NewScanner(conn)
				for i := 0; lines.Scan(); i++ {
					act(conn.(*net.TCPConn), i)
				}
			}()
		}
	}()
	return listener.Addr().String()
}

func answer(conn *net.TCPConn) { _, _ = conn.Write([]byte("+PONG\r\n")) }

// What became of a connection is told by how its read ended.
func TestTCP(t *testing.T) {
	tests := map[string]struct {
		act      func(conn *net.TCPConn, line int)
		end      End
		requests int
		failed   int
	}{
		// Every request is answered: it lives, and the last request says so.
		"answers": {func(conn *net.TCPConn, _ int) { answer(conn) }, Open, 2, 0},
		// A FIN while idle ends it at once: no second request is made.
		"closes": {func(conn *net.TCPConn, _ int) { answer(conn); conn.Close() }, Closed, 1, 0},
		// Closed without the answer: the request fails too.
		"closes at the first request": {func(conn *net.TCPConn, _ int) { conn.Close() }, Closed, 1, 1},
		// An RST is told apart from a FIN.
		"resets": {func(conn *net.TCPConn, _ int) { _ = conn.SetLinger(0); conn.Close() }, Reset, 1, 1},
		// Nothing at all: the client gives up, and knows no more than that.
		"is silent": {func(conn *net.TCPConn, line int) {
			if line == 0 {
				answer(conn)
			}
		}, Silent, 2, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			readies := 0
			spec := Spec{Name: name, Client: "tcp", Address: serve(t, test.act), For: 100 * time.Millisecond, GiveUp: 100 * time.Millisecond}
			if test.end != Silent {
				spec.GiveUp = 10 * time.Second
			}
			var last *Result
			result, err := Run(context.Background(), spec, func() { readies++ }, func(r *Result) { last = r })
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Connections[0].End; got != test.end {
				t.Errorf("end: got %s (%s), want %s", got, result.Connections[0].Error, test.end)
			}
			if got := len(result.Requests); got != test.requests {
				t.Errorf("requests: got %d, want %d", got, test.requests)
			}
			if got := result.Failed(); got != test.failed {
				t.Errorf("failed requests: got %d, want %d", got, test.failed)
			}
			if last == nil || len(last.Requests) != test.requests || last.Failed() != test.failed || len(last.Connections) != 1 {
				t.Errorf("told so far: got %+v, want all requests and the connection", last)
			}
			if readies != 1 {
				t.Errorf("ready was called %d times, want 1", readies)
			}
		})
	}
}

// A server that is not there is an error, not a measurement.
func TestNoServer(t *testing.T) {
	for _, client := range []string{"tcp", "carrier pigeon"} {
		if _, err := Run(context.Background(), Spec{Client: client, Address: "127.0.0.1:1"}, func() {}, func(*Result) {}); err == nil {
			t.Errorf("client %q: got no error, want one", client)
		}
	}
}

// Requests come at once, every Every, and at For; a late answer moves the rest, so that an
// idle period is never shorter than asked for.
func TestSchedule(t *testing.T) {
	const s = time.Second
	tests := map[string]struct {
		spec Spec
		took map[int]time.Duration // by request
		want []time.Duration
	}{
		"idle":                      {Spec{For: 20 * s}, nil, []time.Duration{0, 20 * s}},
		"every":                     {Spec{For: 48 * s, Every: 12 * s}, nil, []time.Duration{0, 12 * s, 24 * s, 36 * s, 48 * s}},
		"last one is not too early": {Spec{For: 65 * s, Every: 30 * s}, nil, []time.Duration{0, 30 * s, 65 * s}},
		"late answer":               {Spec{For: 50 * s, Every: 25 * s}, map[int]time.Duration{1: 20 * s}, []time.Duration{0, 25 * s, 70 * s}},
		"a little late":             {Spec{For: 50 * s, Every: 25 * s}, map[int]time.Duration{1: 5 * s}, []time.Duration{0, 25 * s, 50 * s}},
	}
	for name, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var got []time.Duration
			schedule(t.Context(), test.spec, func(bool) bool {
				got = append(got, time.Since(start))
				time.Sleep(test.took[len(got)-1])
				return true
			})
			if len(got) != len(test.want) {
				t.Fatalf("%s: got requests at %v, want %v", name, got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("%s: got requests at %v, want %v", name, got, test.want)
				}
			}
		})
	}
}
