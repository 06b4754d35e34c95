package authority

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"time"
)

// maxTrusted bounds a bundle, however often a Secret is emptied: beyond it the
// oldest certificates that nobody needs leave first.
const maxTrusted = 16

// Certificates reads the certificates of a caBundle. What is none is left out, as
// API servers do.
func Certificates(bundle []byte) (found []*x509.Certificate) {
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return found
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			found = append(found, c)
		}
	}
}

// Bundle is a caBundle of the needed certificates and of the others, those that
// have expired left out. It is the same text for the same certificates, whatever
// their order: replicas that agree about them write nothing.
func Bundle(needed, others []*x509.Certificate, now time.Time) []byte {
	contains := func(list []*x509.Certificate, c *x509.Certificate) bool { return slices.ContainsFunc(list, c.Equal) }
	var all []*x509.Certificate
	for _, c := range needed {
		if !Expired(c, now) && !contains(all, c) {
			all = append(all, c)
		}
	}
	others = slices.Clone(others)
	slices.SortFunc(others, byAge)
	for _, c := range slices.Backward(others) {
		if len(all) < maxTrusted && !Expired(c, now) && !contains(all, c) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, byAge)
	var text []byte
	for _, c := range all {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}
