package connections

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
)

// pipes is a listener whose connections are pipes, which know the clock of synctest; sockets do
// not.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case one := <-p.accepted:
		return one, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (*pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.accepted <- server
	return client
}

// serve serves until the end of the test, with TLS if there is an authority.
func serve(t testing.TB, l *Listener, authority *certs.Authority, handler http.HandlerFunc) {
	t.Helper()
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	if authority != nil {
		server.TLSConfig = configuration(t, authority)
	}
	done := make(chan error, 1)
	go func() { done <- l.Serve(server) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("got %v from Serve, want %v", err, http.ErrServerClosed)
		}
	})
}

// listen listens on loopback.
func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func newAuthority(t testing.TB) *certs.Authority {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

// configuration serves with a certificate of an authority.
func configuration(t testing.TB, authority *certs.Authority) *tls.Config {
	t.Helper()
	certificate, err := authority.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
}

// echo answers with the body, or with 408 if that does not come.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		http.Error(w, "too slow", http.StatusRequestTimeout)
		return
	}
	_, _ = w.Write(body)
}

const (
	halfHeader = "POST / HTTP/1.1\r\nHost: x"
	halfBody   = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab"
	whole      = halfBody + "cd"
)

// Whoever is slow at some step is cut off within sweepEvery of the limit of that step, and not
// before; what comes before the step does not count.
func TestSlowPeers(t *testing.T) {
	quick := func(t *testing.T, c net.Conn) {
		_, _ = io.WriteString(c, whole)
		if got := answer(c); got != "200 OK: abcd" {
			t.Errorf("a quick request got %q", got)
		}
		time.Sleep(headerTimeout + requestTimeout) // shorter than idleTimeout
	}
	send := func(text string) func(*testing.T, net.Conn) {
		return func(_ *testing.T, c net.Conn) { _, _ = io.WriteString(c, text) }
	}
	const long = "a-text-that-is-longer-than-any-limit-here-has-seconds"
	for _, test := range []struct {
		what   string
		before func(*testing.T, net.Conn)
		limit  time.Duration
		want   string // what the client is told
	}{
		{"nothing", func(*testing.T, net.Conn) {}, headerTimeout, ""},
		{"half a header", send(halfHeader), headerTimeout, ""},
		{"a header byte by byte", func(t *testing.T, c net.Conn) { send(halfHeader)(t, c); trickle(t, c, long) }, headerTimeout, ""},
		{"half a body", send(halfBody), requestTimeout, "408 Request Timeout: too slow\n"},
		{"a body byte by byte", func(t *testing.T, c net.Conn) {
			send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")(t, c)
			trickle(t, c, long)
		}, requestTimeout, "408 Request Timeout: too slow\n"},
		{"nothing more", func(t *testing.T, c net.Conn) { send(whole)(t, c); answer(c) }, idleTimeout, ""},
		{"half a header after a request", func(t *testing.T, c net.Conn) { quick(t, c); send(halfHeader)(t, c) }, headerTimeout, ""},
		{"a header byte by byte after a request", func(t *testing.T, c net.Conn) {
			quick(t, c)
			send(halfHeader)(t, c)
			trickle(t, c, long)
		}, headerTimeout, ""},
		{"half a body after a request", func(t *testing.T, c net.Conn) { quick(t, c); send(halfBody)(t, c) }, requestTimeout, "408 Request Timeout: too slow\n"},
		{"a second request that came with the first", func(t *testing.T, c net.Conn) {
			go send(whole+halfBody)(t, c)
			answer(c)
			send("c")(t, c)
		}, requestTimeout, "408 Request Timeout: too slow\n"},
		{"half a second header that came with the first request", func(t *testing.T, c net.Conn) {
			go send(whole+halfHeader)(t, c)
			answer(c)
		}, idleTimeout, ""},
	} {
		t.Run(test.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newPipes()
				serve(t, Bound(from, 1, nil), nil, echo)
				client := from.dial()
				defer client.Close()
				_ = client.SetDeadline(time.Now().Add(time.Hour)) // or it would wait for what never comes
				test.before(t, client)
				begin := time.Now()
				if got := answer(client); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
				if took := time.Since(begin); took < test.limit || took > test.limit+sweepEvery {
					t.Errorf("cut off after %s, want %s", took, test.limit)
				}
			})
		})
	}
}

// trickle sends a byte a second, as long as the connection is open.
func trickle(t *testing.T, c net.Conn, text string) {
	var sending sync.WaitGroup
	t.Cleanup(sending.Wait)
	sending.Go(func() {
		for i := range len(text) {
			if _, err := io.WriteString(c, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	})
}

// deaf is a connection on which the first end of reading and of writing is lost, as where
// http.Server begins its next step just then, which takes a deadline away.
type deaf struct {
	net.Conn
	toldToRead, toldToWrite atomic.Bool
}

func (d *deaf) SetReadDeadline(at time.Time) error {
	if !at.IsZero() && !d.toldToRead.Swap(true) {
		return nil
	}
	return d.Conn.SetReadDeadline(at)
}

func (d *deaf) SetWriteDeadline(at time.Time) error {
	if !at.IsZero() && !d.toldToWrite.Swap(true) {
		return nil
	}
	return d.Conn.SetWriteDeadline(at)
}

// Who was not cut off at the first sweep is at the next one.
func TestLostEnd(t *testing.T) {
	for _, test := range []struct {
		what, sent string
		limit      time.Duration
	}{
		{"nothing", "", headerTimeout},
		{"an answer that is not read", whole, requestTimeout + answerTimeout},
	} {
		t.Run(test.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newPipes()
				l := Bound(from, 1, nil)
				serve(t, l, nil, echo)
				client, server := net.Pipe()
				defer client.Close()
				from.accepted <- &deaf{Conn: server}
				_, _ = io.WriteString(client, test.sent)
				time.Sleep(test.limit + 2*sweepEvery)
				if got := openNow(l); got != 0 {
					t.Error("the connection is still open two sweeps after the limit")
				}
			})
		})
	}
}

// openNow is how many connections are open when everything waits.
func openNow(l *Listener) int {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// answer is the next answer on a connection; empty if it ends.
func answer(c net.Conn) string {
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.Status + ": " + string(body)
}

// Whoever does not read the answer, or does not go on with the handshake, is cut off too, also
// when there are as many of them as are let in.
func TestManySlowPeers(t *testing.T) {
	authority := newAuthority(t)
	const most = 64
	for _, test := range []struct {
		what  string
		slow  func(*testing.T, net.Conn)
		limit time.Duration
	}{
		{"handshake", func(_ *testing.T, c net.Conn) { _, _ = c.Write([]byte{0x16, 3, 1}) }, headerTimeout},
		{"handshake, byte by byte", func(t *testing.T, c net.Conn) { trickle(t, c, "\x16\x03\x01\x01\x00\x01"+strings.Repeat("x", 100)) }, headerTimeout},
		{"answer", func(_ *testing.T, c net.Conn) {
			secured := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
			_, _ = io.WriteString(secured, whole)
		}, requestTimeout + answerTimeout},
	} {
		t.Run(test.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newPipes()
				l := Bound(from, most, nil)
				serve(t, l, authority, echo)
				for range most {
					client := from.dial()
					defer client.Close()
					test.slow(t, client)
				}
				time.Sleep(test.limit - sweepEvery)
				if got := openNow(l); got != most {
					t.Errorf("%d connections are open before the limit, want all %d", got, most)
				}
				time.Sleep(3 * sweepEvery) // closing says goodbye, for which TLS takes until the sweep after
				if got := openNow(l); got != 0 {
					t.Errorf("%d connections are open after the limit, want none", got)
				}
			})
		})
	}
}

// The same on sockets, with TLS: a body that does not end is answered, and the connections of
// others are not touched.
func TestSlowRequestIsCutOff(t *testing.T) {
	authority := newAuthority(t)
	reading := make(chan struct{}, 1)
	from := listen(t)
	l := Bound(from, 2, nil)
	serve(t, l, authority, func(w http.ResponseWriter, r *http.Request) {
		reading <- struct{}{}
		echo(w, r)
	})
	client := authority.Client()
	defer client.CloseIdleConnections()
	send := func(body io.Reader) string {
		response, err := client.Post("https://"+from.Addr().String(), "application/json", body)
		if err != nil {
			return err.Error()
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return string(text)
	}
	body, writer := io.Pipe()
	defer writer.Close()
	slow := make(chan string, 1)
	go func() { slow <- send(body) }()
	<-reading
	idle := func() string { defer func() { <-reading }(); return send(strings.NewReader("quick")) }
	if got := idle(); got != "quick" {
		t.Errorf("a quick request got %q", got)
	}
	l.endOverdue(l.now() + requestTimeout)
	select {
	case got := <-slow:
		if got != "too slow\n" {
			t.Errorf("got %q, want the answer that says why", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a body that never ends is still waited for")
	}
	if got := idle(); got != "quick" {
		t.Errorf("a quick request after that got %q", got)
	}
}
