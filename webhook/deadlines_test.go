package webhook

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

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

// identity is an authority, and its certificate for loopback, also in a folder.
func identity(t testing.TB) (authority *certs.Authority, dir string, certificate tls.Certificate) {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := authority.Write(dir); err != nil {
		t.Fatal(err)
	}
	certificate, err = tls.LoadX509KeyPair(filepath.Join(dir, certFile), filepath.Join(dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	return authority, dir, certificate
}

// serving is a configuration that serves with a certificate.
func serving(certificate tls.Certificate) *tls.Config {
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
	for _, test := range []struct {
		what   string
		before func(*testing.T, net.Conn)
		limit  time.Duration
		want   string // what the client is told
	}{
		{"nothing", func(*testing.T, net.Conn) {}, headerTimeout, ""},
		{"half a header", send(halfHeader), headerTimeout, ""},
		{"half a body", send(halfBody), requestTimeout, "408 Request Timeout: too slow\n"},
		{"nothing more", func(t *testing.T, c net.Conn) { send(whole)(t, c); answer(c) }, idleTimeout, ""},
		{"half a header after a request", func(t *testing.T, c net.Conn) { quick(t, c); send(halfHeader)(t, c) }, headerTimeout, ""},
		{"half a body after a request", func(t *testing.T, c net.Conn) { quick(t, c); send(halfBody)(t, c) }, requestTimeout, "408 Request Timeout: too slow\n"},
		{"a second request that came with the first", func(t *testing.T, c net.Conn) {
			go send(whole+halfBody)(t, c)
			answer(c)
			send("c")(t, c)
		}, requestTimeout, "408 Request Timeout: too slow\n"},
	} {
		t.Run(test.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, from := newListeners(logr.Discard(), time.Second, newMetrics()), newPipes()
				l.add("test", from, maxProbes, nil, http.HandlerFunc(echo))
				l.serve()
				defer l.shutdown()
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
	_, _, certificate := identity(t)
	config := serving(certificate)
	for _, test := range []struct {
		what  string
		slow  func(net.Conn)
		limit time.Duration
	}{
		{"handshake", func(c net.Conn) { _, _ = c.Write([]byte{0x16, 3, 1}) }, headerTimeout},
		{"answer", func(c net.Conn) {
			secured := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
			_, _ = io.WriteString(secured, whole)
		}, requestTimeout + answerTimeout},
	} {
		t.Run(test.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, from := newListeners(logr.Discard(), time.Second, newMetrics()), newPipes()
				l.add("test", from, maxProbes, config, http.HandlerFunc(echo))
				l.serve()
				defer l.shutdown()
				open := func() int {
					synctest.Wait()
					c := l.servers[0].listener
					c.mu.Lock()
					defer c.mu.Unlock()
					return len(c.open)
				}
				for range maxProbes {
					client := from.dial()
					defer client.Close()
					test.slow(client)
				}
				time.Sleep(test.limit - sweepEvery)
				if got := open(); got != maxProbes {
					t.Errorf("%d connections are open before the limit, want all %d", got, maxProbes)
				}
				// Closing says goodbye, for which TLS takes five seconds.
				time.Sleep(2*sweepEvery + 5*time.Second)
				if got := open(); got != 0 {
					t.Errorf("%d connections are open after the limit, want none", got)
				}
			})
		})
	}
}

// The same on sockets, with TLS: a body that does not end is answered, and the connections of
// others are not touched.
func TestSlowRequestIsCutOff(t *testing.T) {
	checkLeaks(t)
	authority, _, certificate := identity(t)
	reading := make(chan struct{}, 1)
	l := newListeners(logr.Discard(), time.Second, newMetrics())
	address, err := l.bind("test", "127.0.0.1:0", maxProbes, serving(certificate), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reading <- struct{}{}
		echo(w, r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	l.serve()
	defer l.shutdown()
	client := authority.Client()
	defer client.CloseIdleConnections()
	send := func(body io.Reader) string {
		response, err := client.Post("https://"+address, "application/json", body)
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
	c := l.servers[0].listener
	c.endOverdue(c.now(), c.now()+requestTimeout)
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
