package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// strongSuites are the cipher suites of TLS 1.2, which take part in nothing
// else: without CBC, whose padding has been attacked again and again.
// Source: https://www.rfc-editor.org/rfc/rfc9325#section-4.2
var strongSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// tls is how reviews are taken.
func (h *handlers) tls(o *Options) *tls.Config {
	config := &tls.Config{
		MinVersion: o.tlsVersion, CipherSuites: strongSuites, NextProtos: []string{"http/1.1"}, GetCertificate: h.certs.GetCertificate,
		// API servers keep none, so nothing is saved by them; and who comes back by one shows no
		// certificate again.
		// Source: https://github.com/kubernetes/client-go/blob/v0.36.3/transport/transport.go (TLSConfigFor)
		SessionTicketsDisabled: true,
	}
	if h.peers == nil {
		return config
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	// Asked for each connection, so that a new file counts from the next one on.
	plain := config.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		pool := h.peers.current.Load()
		if pool == nil {
			return nil, errNoClientCA
		}
		own := plain.Clone()
		own.ClientCAs = pool
		return own, nil
	}
	return config
}

// errNoClientCA ends a handshake as long as nobody can be told from anybody.
var errNoClientCA = errors.New("no client CA loaded yet")

// clientCA are the authorities whose clients may ask, from a file that is
// followed. A file that holds none leaves the last good ones in place.
type clientCA struct {
	file string
	log  logr.Logger

	current atomic.Pointer[x509.CertPool]
	fault   atomic.Pointer[string]
}

// clientCA starts following the file, and makes readiness wait for it; nil
// without one.
func (s *run) clientCA(ctx context.Context, tasks *background.Tasks) *clientCA {
	if s.options.ClientCAFile == "" {
		return nil
	}
	c := &clientCA{file: s.options.ClientCAFile, log: s.log.WithName("client-ca")}
	s.health.add("client-ca", c.check)
	tasks.Go(func() { watchDir(ctx, filepath.Dir(c.file), c.log, c.read) })
	return c
}

// read loads the file. It reports whether authorities are loaded.
func (c *clientCA) read() bool {
	pool := x509.NewCertPool()
	data, err := readFile(c.file)
	if err == nil && !pool.AppendCertsFromPEM(data) {
		err = fmt.Errorf("got no certificate in %s, want the CA of the API server's client certificate, as PEM", c.file)
	}
	if err == nil {
		if last := c.current.Load(); last == nil || !last.Equal(pool) {
			c.log.Info("client CA loaded", "file", c.file)
		}
		c.current.Store(pool)
		c.fault.Store(nil)
		return true
	}
	text := err.Error()
	if last := c.fault.Swap(&text); last == nil || *last != text {
		c.log.Error(err, "client CA not loaded", "file", c.file, "stillUsing", c.current.Load() != nil)
	}
	return c.current.Load() != nil
}

// check is the readiness check.
func (c *clientCA) check() error {
	if c.current.Load() != nil {
		return nil
	}
	if why := c.fault.Load(); why != nil {
		return fmt.Errorf("%w: %s", errNoClientCA, *why)
	}
	return errNoClientCA
}
