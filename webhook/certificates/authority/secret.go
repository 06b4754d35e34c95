package authority

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Keys of the Secret that holds authorities: their certificates and their private
// keys, as PEM one after the other.
const (
	CertificatesKey = "ca.crt"
	keysKey         = "ca.key"
)

// Whoever may write the Secret must not make reading it expensive: the key of a CA
// with RSA 8192 has 6.4 KB, and there are two authorities at a time.
const (
	maxBlockBytes  = 8 << 10
	maxSecretBytes = 64 << 10
)

// ErrEmpty is what Parse says of a Secret that nobody has filled yet.
var ErrEmpty = errors.New("it is empty")

// Parse reads the data of a Secret. It returns the authorities that are whole,
// oldest first, and what is wrong with the rest; the error names no part of a key.
func Parse(data map[string][]byte) ([]*Authority, error) {
	if len(data[CertificatesKey]) == 0 && len(data[keysKey]) == 0 {
		return nil, ErrEmpty
	}
	certificates, certificatesErr := blocks(data, CertificatesKey, "CERTIFICATE", x509.ParseCertificate)
	keys, keysErr := blocks(data, keysKey, "PRIVATE KEY", parseKey)
	problems := []error{certificatesErr, keysErr}
	var whole []*Authority
	for _, certificate := range certificates {
		at := slices.IndexFunc(keys, func(k crypto.Signer) bool { return fits(certificate, k) })
		switch {
		case at < 0:
			problems = append(problems, fmt.Errorf("got certificate %s in %s without its private key in %s", Serial(certificate), CertificatesKey, keysKey))
		case !certificate.IsCA:
			problems = append(problems, fmt.Errorf("got certificate %s in %s, which is no CA", Serial(certificate), CertificatesKey))
		default:
			whole = append(whole, &Authority{Certificate: certificate, key: keys[at]})
		}
	}
	slices.SortStableFunc(whole, func(a, b *Authority) int { return byAge(a.Certificate, b.Certificate) })
	whole = slices.CompactFunc(whole, func(a, b *Authority) bool { return a.Certificate.Equal(b.Certificate) })
	return whole, errors.Join(problems...)
}

// Data is what Parse reads.
func Data(authorities []*Authority) (map[string][]byte, error) {
	var certificates, keys []byte
	for _, a := range authorities {
		key, err := x509.MarshalPKCS8PrivateKey(a.key)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})...)
		keys = append(keys, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	}
	return map[string][]byte{CertificatesKey: certificates, keysKey: keys}, nil
}

// blocks reads all PEM blocks of a kind; RSA and EC keys in their older forms are
// of the kind PRIVATE KEY too.
func blocks[T any](data map[string][]byte, key, kind string, parse func([]byte) (T, error)) (found []T, err error) {
	rest := data[key]
	if len(rest) > maxSecretBytes {
		return nil, fmt.Errorf("got %d bytes in %s, want at most %d", len(rest), key, maxSecretBytes)
	}
	var problems []error
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if !strings.HasSuffix(block.Type, kind) || len(block.Bytes) > maxBlockBytes {
			problems = append(problems, fmt.Errorf("got a block in %s that is no %s of at most %d bytes", key, kind, maxBlockBytes))
			continue
		}
		one, err := parse(block.Bytes)
		if err != nil {
			problems = append(problems, fmt.Errorf("got a block in %s that cannot be read as %s", key, kind))
			continue
		}
		found = append(found, one)
	}
	if len(strings.TrimSpace(string(rest))) > 0 || len(found)+len(problems) == 0 {
		problems = append(problems, fmt.Errorf("got %d bytes in %s that are no PEM, want a %s", len(rest), key, kind))
	}
	return found, errors.Join(problems...)
}

var errKey = errors.New("no private key that signs")

func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, errKey
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errKey
}

// fits reports whether a private key is the certificate's.
func fits(c *x509.Certificate, key crypto.Signer) bool {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(c.PublicKey)
}

// byAge puts older certificates first; all replicas see one order.
func byAge(a, b *x509.Certificate) int {
	return cmp.Or(a.NotBefore.Compare(b.NotBefore), a.NotAfter.Compare(b.NotAfter), slices.Compare(a.Raw, b.Raw))
}
