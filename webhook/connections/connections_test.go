package connections

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// One connection too many closes the oldest that has asked nothing good, and not
// the one on which a client was answered before any of them came.
func TestCrowdedConnections(t *testing.T) {
	const most = 10
	closed := make(chan struct{}, most)
	from := listen(t)
	serve(t, Bound(from, most, func() { closed <- struct{}{} }), nil, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "good")
	})
	dial := func() net.Conn {
		connection, err := net.Dial("tcp", from.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return connection
	}
	ask := func(connection net.Conn) string {
		_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		answer := make([]byte, 512)
		n, err := connection.Read(answer)
		if err != nil {
			return err.Error()
		}
		return string(answer[:min(n, 15)])
	}
	good := dial()
	defer good.Close()
	if got := ask(good); got != "HTTP/1.1 200 OK" {
		t.Fatalf("got %q", got)
	}
	var silent []net.Conn
	for range most {
		connection := dial()
		defer connection.Close()
		silent = append(silent, connection)
	}
	<-closed
	if got := ask(silent[0]); got == "HTTP/1.1 200 OK" {
		t.Error("the oldest silent connection is still open")
	}
	for name, connection := range map[string]net.Conn{"good": good, "second": silent[1], "last": silent[most-1]} {
		if got := ask(connection); got != "HTTP/1.1 200 OK" {
			t.Errorf("the %s connection got %q, want it open", name, got)
		}
	}
	if len(closed) != 0 {
		t.Errorf("closed %d more connections, want one", len(closed))
	}
}
