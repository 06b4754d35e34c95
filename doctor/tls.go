package doctor

import (
	"crypto/x509"
	"encoding/pem"
	"path"
)

// ParseCertificates reads the certificates of a PEM text; what is none is left out.
func ParseCertificates(text []byte) (list []*x509.Certificate) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return list
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, c)
		}
	}
}

// SelfSigned reports whether holdfast makes its own certificates.
func (s *Snapshot) SelfSigned() bool {
	value, given := s.Flag("self-signed")
	return given && value != "false"
}

// selfSignedSecret holds the CA that holdfast makes itself.
const selfSignedSecret = "holdfast-ca"

// SecretName is the Secret with the serving certificate, or with the CA where holdfast
// makes the certificate itself. ok is false where it takes the certificate from
// somewhere else.
func (s *Snapshot) SecretName() (name string, ok bool) {
	if s.SelfSigned() {
		return selfSignedSecret, true
	}
	dir, given := s.Flag("cert-dir")
	if !given {
		return "", false
	}
	template := &s.Deployment.Value.Spec.Template.Spec
	for _, container := range template.Containers {
		for _, mount := range container.VolumeMounts {
			if path.Clean(mount.MountPath) != path.Clean(dir) {
				continue
			}
			for _, volume := range template.Volumes {
				if volume.Name == mount.Name && volume.Secret != nil {
					return volume.Secret.SecretName, true
				}
			}
		}
	}
	return "", false
}
