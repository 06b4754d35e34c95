// Package certs makes short-lived certificates for servers on loopback, and
// clients that trust them, in tests and demonstrations.
package certs

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Authority signs server certificates.
type Authority struct {
	PEM  []byte // the CA certificate, as a caBundle wants it
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes a CA that is valid for a day.
func NewAuthority() (*Authority, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "holdfast test CA"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a := &Authority{}
	der, key, err := a.sign(template)
	if err != nil {
		return nil, err
	}
	a.PEM, a.key = encode("CERTIFICATE", der), key
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

// Write puts tls.crt, tls.key and ca.crt for a server on loopback into dir.
// names are further DNS names of the certificate.
func (a *Authority) Write(dir string, names ...string) error {
	now := time.Now()
	return a.WriteValid(dir, now.Add(-time.Hour), now.Add(24*time.Hour), names...)
}

// WriteValid does the same for a certificate with given limits of its validity.
// The server may ask with it too, as a client.
func (a *Authority) WriteValid(dir string, from, until time.Time, names ...string) error {
	return a.write(dir, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "holdfast"},
		DNSNames:    append([]string{"localhost"}, names...),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   from, NotAfter: until,
	})
}

// WriteIdentity puts the same three files for a workload of a mesh into dir, which is made:
// its name is a URI, https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md.
func (a *Authority) WriteIdentity(dir string, id *url.URL) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return a.write(dir, &x509.Certificate{URIs: []*url.URL{id}})
}

// write signs a certificate for both ends of connections, and puts it into dir with its key
// and the CA.
func (a *Authority) write(dir string, template *x509.Certificate) error {
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, key, err := a.sign(template)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"tls.crt": encode("CERTIFICATE", der),
		"tls.key": encode("PRIVATE KEY", keyDER),
		"ca.crt":  a.PEM,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// sign makes a key and a certificate for it, valid for a day unless the template
// says otherwise; without a key of
// the authority yet it signs itself.
func (a *Authority) sign(template *x509.Certificate) (der []byte, key *ecdsa.PrivateKey, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, err
	}
	now := time.Now()
	template.SerialNumber = big.NewInt(now.UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(24*time.Hour)
	}
	der, err = x509.CreateCertificate(rand.Reader, template, cmp.Or(a.cert, template), &key.PublicKey, cmp.Or(a.key, key))
	return der, key, err
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Base64 is the CA certificate as a caBundle stands in YAML.
func (a *Authority) Base64() string { return base64.StdEncoding.EncodeToString(a.PEM) }

// Client trusts the servers of the authority, and no other.
func (a *Authority) Client() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.PEM)
	return &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	}
}

// ClientWith is Client with a certificate of another authority, without one if
// that is nil.
func (a *Authority) ClientWith(own *Authority) (*http.Client, error) {
	client := a.Client()
	if own == nil {
		return client, nil
	}
	certificate, err := own.Certificate()
	client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{certificate}
	return client, err
}

// Certificate is what Write writes, for either end of a connection in this process.
func (a *Authority) Certificate() (tls.Certificate, error) {
	dir, err := os.MkdirTemp("", "holdfast-certificate-")
	if err != nil {
		return tls.Certificate{}, err
	}
	defer os.RemoveAll(dir)
	if err := a.Write(dir); err != nil {
		return tls.Certificate{}, err
	}
	return tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
}
