// Package authority makes certificate authorities and the serving certificates
// that they sign, and reads and writes them as PEM. It knows neither a cluster nor
// a clock of its own: where they are kept, and when they are changed, is its
// caller's business.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"time"
)

const (
	// Lifetime is how long an authority is valid. A successor is made when a third
	// of it is left (Due), so one that cannot be made has four months to be noticed;
	// and rotation, happening twice every sixteen months, is nothing that was last
	// seen ten years ago.
	Lifetime = 365 * 24 * time.Hour
	// leafLifetime is how long a serving certificate is valid, at most. It lives in
	// memory alone, so it bounds what a copy of that memory is good for. Renewing
	// needs nobody, so it might be shorter; but who looks at it after a weekend
	// should still find the one that was served.
	leafLifetime = 30 * 24 * time.Hour
	// skew is how far the clock of an API server may be behind ours: what is made
	// is valid that much earlier.
	skew = time.Hour
)

// commonName says to people whose authority this is. Authorities are told apart by
// their keys.
const commonName = "holdfast-ca"

// Authority is a certificate authority whose key is at hand.
type Authority struct {
	Certificate *x509.Certificate
	key         crypto.Signer
}

// Format implements fmt.Formatter: whatever prints an authority prints no key.
func (a *Authority) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "authority "+a.Certificate.SerialNumber.Text(16))
}

// New makes an authority that signs itself, with an ECDSA key on P-256.
func New(now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: commonName},
		NotBefore: now.Add(-skew), NotAfter: now.Add(Lifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	certificate, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: certificate, key: key}, nil
}

// Issue makes a serving certificate for DNS names, with a key of its own. It ends
// no later than the authority does. An authority that may not sign it is an error.
func (a *Authority) Issue(names []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	end := now.Add(leafLifetime)
	if a.Certificate.NotAfter.Before(end) {
		end = a.Certificate.NotAfter
	}
	leaf, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "holdfast"}, DNSNames: names,
		NotBefore: now.Add(-skew), NotAfter: end, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.Certificate, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	// What API servers will do. A CA that people have put into the Secret may be
	// none, or one for other names.
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate)
	for _, name := range names {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now}); err != nil {
			return nil, fmt.Errorf("a certificate of authority %s for %s would not be trusted: %w", Serial(a.Certificate), name, err)
		}
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// sign makes a certificate with a random serial number.
func sign(template, parent *x509.Certificate, public crypto.PublicKey, by crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial.Add(serial, big.NewInt(1)) // positive: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// Due reports whether a successor of a certificate is to be made: a third of its
// life, or less, is left.
func Due(c *x509.Certificate, now time.Time) bool {
	return c.NotAfter.Sub(now) <= c.NotAfter.Sub(c.NotBefore)/3
}

// Valid reports whether a certificate may be used now.
func Valid(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && !Expired(c, now)
}

// Expired reports whether a certificate can never be used again.
func Expired(c *x509.Certificate, now time.Time) bool { return now.After(c.NotAfter) }

// Serial is a certificate's number as openssl and browsers show it.
func Serial(c *x509.Certificate) string { return c.SerialNumber.Text(16) }
