package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
)

// dialThrough connects through a waypoint, on a connection of its own: HBONE, which is CONNECT of
// HTTP/2 with mutual TLS, https://istio.io/latest/docs/ambient/architecture/hbone/.
func dialThrough(ctx context.Context, dialer *net.Dialer, spec Spec) (net.Conn, error) {
	identity, err := tls.LoadX509KeyPair(filepath.Join(spec.Identity, "tls.crt"), filepath.Join(spec.Identity, "tls.key"))
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		DialContext:       dialer.DialContext,
		// The waypoint's own identity is not what is measured here.
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{identity}, InsecureSkipVerify: true},
	}
	upload, write := io.Pipe()
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodConnect, "https://"+spec.Waypoint, upload)
	if err != nil {
		return nil, err
	}
	request.Host = spec.Address
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("CONNECT %s through %s: got %s, want 200", spec.Address, spec.Waypoint, response.Status)
	}
	// A net.Conn with deadlines, before the two streams.
	near, far := net.Pipe()
	go func() {
		_, err := io.Copy(write, far)
		write.CloseWithError(err) // nil: the application has closed its side
	}()
	go func() {
		_, _ = io.Copy(far, response.Body)
		far.Close()
		response.Body.Close()
		transport.CloseIdleConnections()
	}()
	return near, nil
}

// ServeTunnel is the other end of such tunnels, as ztunnel is: it takes them to the address that
// they name, until ctx ends.
func ServeTunnel(ctx context.Context, listener net.Listener, identity string) error {
	server := &http.Server{
		Handler: http.HandlerFunc(carry), Protocols: &http.Protocols{},
		TLSConfig: &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13},
	}
	server.Protocols.SetHTTP2(true)
	context.AfterFunc(ctx, func() { server.Close() })
	err := server.ServeTLS(listener, filepath.Join(identity, "tls.crt"), filepath.Join(identity, "tls.key"))
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// carry takes one connection to where it leads.
func carry(w http.ResponseWriter, r *http.Request) {
	conn, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	go func() {
		_, _ = io.Copy(conn, r.Body)
		conn.Close()
	}()
	defer conn.Close()
	stream := http.NewResponseController(w)
	_ = stream.Flush() // of the answer 200; a client that left does not need it
	for part := make([]byte, 32<<10); ; {
		n, err := conn.Read(part)
		if _, problem := w.Write(part[:n]); err != nil || problem != nil || stream.Flush() != nil {
			return
		}
	}
}
