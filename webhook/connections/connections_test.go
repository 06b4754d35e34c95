package connections

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"
)

// One connection too many closes the one that is least likely an API server's, and no other.
func TestCrowdedConnections(t *testing.T) {
	const one, other = "127.0.0.1", "127.0.0.2"
	type peer struct{ host, asks string }
	for _, test := range []struct {
		name   string
		peers  []peer // in the order in which they come
		closed int    // of them
	}{
		{"the oldest that has asked nothing", append([]peer{{one, "/good"}}, slices.Repeat([]peer{{one, ""}}, 20)...), 1},
		{"one that has asked nothing good", []peer{{one, "/good"}, {one, "/bad"}, {one, "/good"}, {one, ""}}, 1},
		{"the one whose last good request is longest ago", []peer{{one, "/good"}, {one, "/good"}, {one, "/good"}, {other, ""}}, 0},
		{"one of the host that has most", []peer{{other, ""}, {one, ""}, {one, "/good"}, {one, ""}}, 1},
		{"even a good one of that host", []peer{{other, ""}, {one, "/good"}, {one, "/good"}, {one, "/good"}, {other, ""}}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			closed := make(chan struct{}, len(test.peers))
			from := listen(t)
			serve(t, Bound(from, len(test.peers)-1, func() { closed <- struct{}{} }), nil, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/bad" {
					w.WriteHeader(http.StatusNotFound)
				}
				_, _ = io.WriteString(w, "as asked")
			})
			var list []net.Conn
			for _, p := range test.peers {
				connection := dialFrom(t, p.host, from.Addr().String())
				defer connection.Close()
				list = append(list, connection)
				if p.asks != "" && !asks(connection, p.asks) {
					t.Fatalf("%s got no answer to %s", p.host, p.asks)
				}
			}
			select {
			case <-closed:
			case <-time.After(10 * time.Second):
				t.Fatal("none was closed")
			}
			for i, connection := range list {
				if got, want := asks(connection, "/good"), i != test.closed; got != want {
					t.Errorf("number %d, %v: got open %v, want %v", i, test.peers[i], got, want)
				}
			}
			if len(closed) != 0 {
				t.Errorf("closed %d more connections, want one", len(closed))
			}
		})
	}
}

// A handler can flush its answer and set deadlines, as package admission's does.
func TestHandlerControlsItsConnection(t *testing.T) {
	from := listen(t)
	problem := make(chan error, 1)
	serve(t, Bound(from, 1, nil), nil, func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		problem <- errors.Join(control.Flush(), control.SetReadDeadline(time.Now().Add(time.Minute)))
	})
	connection := dialFrom(t, "127.0.0.1", from.Addr().String())
	defer connection.Close()
	if !asks(connection, "/") {
		t.Fatal("got no answer")
	}
	if err := <-problem; err != nil {
		t.Error(err)
	}
}

// dialFrom connects from an address of loopback.
func dialFrom(t *testing.T, host, to string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	connection, err := dialer.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

// asks reports whether a request is answered.
func asks(connection net.Conn, path string) bool {
	_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(connection, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
	return answer(connection) != ""
}
