package probe

import (
	"net"
	"testing"
	"time"
)

// /proc/net/tcp writes addresses as hexadecimal words of the machine: 127.0.0.1 on the
// little-endian machines that this runs on is 0100007F.
func TestProcAddress(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:6379":    "0100007F:18EB",
		"198.18.100.1:3306": "016412C6:0CEA",
		"[::1]:80":          "", // not in that table
		"localhost:80":      "",
	} {
		if got := procAddress(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

// The kernel's table shows what the program has not noticed.
func TestWatcher(t *testing.T) {
	tests := map[string]struct {
		far  func(*net.TCPConn) // what the other side does
		near func(net.Conn)     // what the program does
		want End
	}{
		"lives":                      {nil, nil, Open},
		"closed by the other side":   {func(c *net.TCPConn) { c.Close() }, nil, Closed},
		"aborted by the other side":  {func(c *net.TCPConn) { _ = c.SetLinger(0); c.Close() }, nil, Reset},
		"given up by the program":    {nil, func(c net.Conn) { c.Close() }, Closed},
		"closed there, then dropped": {func(c *net.TCPConn) { c.Close() }, func(c net.Conn) { c.Close() }, Closed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			w := &watcher{remote: procAddress(listener.Addr().String()), done: make(chan struct{}), live: map[uint64]*Connection{}}
			near, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer near.Close()
			far, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer far.Close()
			w.sample(time.Now())
			if len(w.order) != 1 || w.order[0].End != Open {
				t.Fatalf("got %d connections, want 1 open one", len(w.order))
			}
			if test.far != nil {
				test.far(far.(*net.TCPConn))
			}
			if test.near != nil {
				test.near(near)
			}
			// A packet on loopback takes its time; a verdict, once given, stays.
			for range 100 {
				w.sample(time.Now())
				if w.order[0].End == test.want && test.want != Open {
					break
				}
				time.Sleep(time.Millisecond)
			}
			if got := w.stop()[0].End; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// A connection that its library left without an answer is told apart from one that was closed.
func TestJudge(t *testing.T) {
	start := time.Now()
	at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
	ask := func(s, took float64, err string) Request {
		return Request{At: at(s), Took: time.Duration(took * float64(time.Second)), Error: err}
	}
	tests := map[string]struct {
		connection Connection
		requests   []Request
		unanswered []bool
		end        End
		lastByte   float64
	}{
		"closed while idle": {
			Connection{Opened: at(0), Ended: at(10), End: Closed},
			[]Request{ask(0, 0.1, ""), ask(12, 0.1, "")},
			[]bool{false, false},
			Closed, 0.1,
		},
		"left after the request's limit": {
			Connection{Opened: at(0), Ended: at(35.1), End: Closed},
			[]Request{ask(0, 0.1, ""), ask(25, 10, "deadline")},
			[]bool{false, true},
			Silent, 0.1,
		},
		// The library asked again on another connection: the answer belongs to that one.
		"left, and asked again": {
			Connection{Opened: at(0), Ended: at(30), End: Closed},
			[]Request{ask(0, 0.1, ""), ask(25, 5, "")},
			[]bool{false, true},
			Silent, 0.1,
		},
		"opened by the request that was asked again": {
			Connection{Opened: at(30), Ended: at(50), End: Open},
			[]Request{ask(0, 0.1, ""), ask(25, 5.1, ""), ask(50, 0.1, "")},
			[]bool{false, true, false},
			Open, 50,
		},
	}
	for name, test := range tests {
		got := judge([]Connection{test.connection}, test.requests, test.unanswered)[0]
		if got.End != test.end {
			t.Errorf("%s: got end %s, want %s", name, got.End, test.end)
		}
		if want := at(test.lastByte); !got.LastByte.Equal(want) {
			t.Errorf("%s: got last byte at %s, want %s", name, got.LastByte.Sub(start), want.Sub(start))
		}
	}
}
