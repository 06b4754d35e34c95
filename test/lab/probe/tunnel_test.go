package probe

import (
	"context"
	"net"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
)

// Through a tunnel, what becomes of a connection is told as without one.
func TestTunnel(t *testing.T) {
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "identity")
	if err := authority.WriteIdentity(identity, &url.URL{Scheme: "spiffe", Host: "cluster.local", Path: "/ns/lab/sa/client"}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- ServeTunnel(ctx, listener, identity) }()
	through := func(address string) Spec {
		return Spec{
			Client: "tcp", Address: address, Waypoint: listener.Addr().String(), Identity: identity,
			For: 100 * time.Millisecond, GiveUp: 100 * time.Millisecond,
		}
	}
	for name, test := range map[string]struct {
		act func(conn *net.TCPConn, line int)
		end End
	}{
		"answers": {func(conn *net.TCPConn, _ int) { answer(conn) }, Open},
		"closes":  {func(conn *net.TCPConn, _ int) { answer(conn); conn.Close() }, Closed},
		"is silent": {func(conn *net.TCPConn, line int) {
			if line == 0 {
				answer(conn)
			}
		}, Silent},
	} {
		spec := through(serve(t, test.act))
		if test.end != Silent {
			spec.GiveUp = 10 * time.Second
		}
		result, err := Run(t.Context(), spec, func() {}, func(*Result) {})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := result.Connections[0]; got.End != test.end {
			t.Errorf("%s: got %s (%s), want %s", name, got.End, got.Error, test.end)
		}
	}

	nobody, stranger := through("127.0.0.1:1"), through(serve(t, func(conn *net.TCPConn, _ int) { answer(conn) }))
	stranger.Identity = t.TempDir()
	for name, spec := range map[string]Spec{"to nobody": nobody, "without a certificate": stranger} {
		if _, err := Run(t.Context(), spec, func() {}, func(*Result) {}); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("the tunnel's end: got %v, want no error", err)
	}
}
