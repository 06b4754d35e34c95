package webhook

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
)

// BenchmarkHandshake times new connections to reviews as API servers make them, which resume no
// session: by the kind of the certificate's key, and by what else may cost something. ns/op is
// both ends and the socket; server-ns is how long this end used a core.
func BenchmarkHandshake(b *testing.B) {
	elliptical := func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }
	for _, bench := range []struct {
		name   string
		key    func() (crypto.Signer, error)
		peers  bool // --client-ca-file
		change func(server, client *tls.Config)
	}{
		{name: "ECDSA-P256", key: elliptical},
		{name: "Ed25519", key: func() (crypto.Signer, error) {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			return key, err
		}},
		{name: "RSA-2048", key: func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }},
		{name: "RSA-4096", key: func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 4096) }},
		{name: "ECDSA-P256/no-MLKEM", key: elliptical, change: func(server, _ *tls.Config) {
			server.CurvePreferences = []tls.CurveID{tls.X25519}
		}},
		{name: "ECDSA-P256/tickets-possible", key: elliptical, change: func(server, _ *tls.Config) {
			server.SessionTicketsDisabled = false
		}},
		{name: "ECDSA-P256/resumed", key: elliptical, change: func(server, client *tls.Config) {
			server.SessionTicketsDisabled = false
			client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		}},
		{name: "ECDSA-P256/client-certificate", key: elliptical, peers: true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			key, err := bench.key()
			if err != nil {
				b.Fatal(err)
			}
			certificate, roots := selfSigned(b, key)
			h := &handlers{certs: always{certificate}}
			client := &tls.Config{RootCAs: roots, ServerName: "localhost", NextProtos: []string{"http/1.1"}}
			if bench.peers {
				h.peers, client.Certificates = peersOf(b)
			}
			o := DefaultOptions()
			o.tlsVersion = tls.VersionTLS13
			server := h.tls(&o)
			if bench.change != nil {
				bench.change(server, client)
			}
			benchmarkHandshake(b, server, client)
		})
	}
}

func benchmarkHandshake(b *testing.B, server, client *tls.Config) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var used time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		for {
			accepted, err := listener.Accept()
			if err != nil {
				return
			}
			before := threadTime()
			connection := tls.Server(accepted, server)
			if err := connection.Handshake(); err != nil {
				b.Error(err)
			}
			_, _ = connection.Write([]byte("x"))
			used += threadTime() - before
			_ = connection.Close()
		}
	}()
	for b.Loop() {
		connection, err := tls.Dial("tcp", listener.Addr().String(), client)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := connection.Read(make([]byte, 1)); err != nil { // tickets come with it
			b.Fatal(err)
		}
		_ = connection.Close()
	}
	_ = listener.Close()
	<-done
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "server-ns")
}

// threadTime is how long this thread has used a core.
func threadTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_THREAD, &usage) // fails for a wrong pointer only
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// always is a certificateSource with one certificate.
type always struct{ certificate *tls.Certificate }

func (a always) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.certificate, nil
}

// selfSigned is a certificate of localhost, and who trusts it.
func selfSigned(b *testing.B, key crypto.Signer) (*tls.Certificate, *x509.CertPool) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		b.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		b.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots
}

// peersOf is an authority of clients, and the certificate of one.
func peersOf(b *testing.B) (*clientCA, []tls.Certificate) {
	authority, err := certs.NewAuthority()
	if err != nil {
		b.Fatal(err)
	}
	certificate, err := authority.Certificate()
	if err != nil {
		b.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority.PEM)
	peers := &clientCA{}
	peers.current.Store(pool)
	return peers, []tls.Certificate{certificate}
}
