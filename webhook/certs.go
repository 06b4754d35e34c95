package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-mesh/holdfast/webhook/background"
	"github.com/holdfast-mesh/holdfast/webhook/certificates"
	"github.com/holdfast-mesh/holdfast/webhook/cluster"
)

// certificateSource has the serving certificate ready.
type certificateSource interface {
	// GetCertificate is for tls.Config. A connection keeps the certificate that it
	// began with, so a rotation disturbs none.
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// mountedCertificate starts following --cert-dir.
func (s *run) mountedCertificate(ctx context.Context, tasks *background.Tasks) certificateSource {
	c := &certDir{dir: s.options.CertDir, metrics: s.metrics, log: s.log.WithName("certificate")}
	s.health.add("certificate", c.check)
	tasks.Go(func() { c.run(ctx) })
	return c
}

// ownCertificate starts keeping a certificate of --self-signed.
func (s *run) ownCertificate(ctx context.Context, tasks *background.Tasks, c *cluster.Cluster) (certificateSource, error) {
	writer, err := c.Client()
	if err != nil {
		return nil, err
	}
	service := s.options.service
	keeper := certificates.New(service, writer, s.options.CertificateTimes, s.kept, s.metrics.certificate, s.log.WithName("certificate"))
	s.health.addWithNotes("certificate", keeper.Check, keeper.Notes)
	secret := types.NamespacedName{Namespace: service.Namespace, Name: certificates.SecretName}
	check, err := c.FollowCertificates(ctx, tasks, secret, certificates.ConfigurationName, keeper)
	if err != nil {
		return nil, err
	}
	s.health.add("watch of "+check.Name, check.Err)
	return keeper, nil
}

// certDir serves the certificate of a mounted directory (tls.crt, tls.key) and
// follows it. A pair that does not fit together, as seen in the middle of a
// rotation, or that is not valid now, leaves the last good one in place: it would
// end every handshake. controller-runtime's certwatcher
// watches the two files instead: it wants them there at the start, and sees
// the swap of a mounted Secret only after the old files are removed.
type certDir struct {
	dir     string
	metrics *metrics
	log     logr.Logger

	current atomic.Pointer[tls.Certificate]
	fault   atomic.Pointer[string]
	files   [2][]byte // as last read; only run touches them
}

// errNoCertificate ends a handshake before the first certificate.
var errNoCertificate = errors.New("no serving certificate loaded yet")

// GetCertificate implements certificateSource.
func (c *certDir) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if cert := c.current.Load(); cert != nil {
		return cert, nil
	}
	return nil, errNoCertificate
}

// run watches until ctx ends.
func (c *certDir) run(ctx context.Context) { watchDir(ctx, c.dir, c.log, c.read) }

// read loads the pair if it changed. It reports whether one is loaded.
func (c *certDir) read() bool {
	loaded := func() bool { return c.current.Load() != nil }
	var files [2][]byte
	for i, name := range [...]string{certFile, keyFile} {
		data, err := readFile(filepath.Join(c.dir, name))
		if err != nil {
			c.failed(err)
			return loaded()
		}
		files[i] = data
	}
	if loaded() && bytes.Equal(files[0], c.files[0]) && bytes.Equal(files[1], c.files[1]) {
		c.fault.Store(nil)
		return true
	}
	cert, err := tls.X509KeyPair(files[0], files[1])
	if err != nil {
		c.failed(fmt.Errorf("%s and %s in %s: %w", certFile, keyFile, c.dir, err))
		return loaded()
	}
	// Without a good one any is used: API servers whose clock differs may take it.
	if err := c.valid(cert.Leaf); err != nil && c.check() == nil {
		c.failed(err)
		return true
	}
	c.files = files
	c.fault.Store(nil)
	c.current.Store(&cert)
	c.metrics.certificate(cert.Leaf)
	c.log.Info("certificate loaded", "directory", c.dir, "serial", cert.Leaf.SerialNumber.String(), "dnsNames", cert.Leaf.DNSNames, "notAfter", cert.Leaf.NotAfter.UTC().Format(time.RFC3339))
	return true
}

// failed says once why the newest files are not in use.
func (c *certDir) failed(err error) {
	text := err.Error()
	if last := c.fault.Swap(&text); last != nil && *last == text {
		return
	}
	c.metrics.certificateFaults.Inc()
	c.log.Error(err, "certificate not loaded", "directory", c.dir, "stillServing", c.current.Load() != nil)
}

// check is the readiness check.
func (c *certDir) check() error {
	cert := c.current.Load()
	if cert == nil {
		if why := c.fault.Load(); why != nil {
			return fmt.Errorf("no certificate loaded: %s", *why)
		}
		return errNoCertificate
	}
	return c.valid(cert.Leaf)
}

// valid says why a certificate is of no use now; nil if it is.
func (c *certDir) valid(leaf *x509.Certificate) error {
	switch now := time.Now(); {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the certificate in %s expired at %s", c.dir, leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the certificate in %s is not valid before %s", c.dir, leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
