package checks

import (
	"cmp"
	"fmt"
	"slices"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	certmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// certManager follows the certificate of holdfast's Secret to its issuer, and on to the
// certificate that the issuer signs with.
func certManager(s *doctor.Snapshot, r *doctor.Result) {
	if !hasDeployment(s, r) {
		return
	}
	if r.Unseen(s.Certificates.Unseen); s.Certificates.Unseen != "" {
		return
	}
	name, ok := s.SecretName()
	if !ok || s.SelfSigned() {
		r.Seen = "not used"
		return
	}
	r.Seen = "no Certificate of it makes Secret " + name
	followed := map[string]bool{}
	for !followed[name] { // an issuer may be signed by itself
		followed[name] = true
		certificate := certificateFor(s, name)
		if certificate == nil {
			return
		}
		if len(followed) == 1 {
			r.Seen = fmt.Sprintf("Certificate %s makes Secret %s", certificate.Name, name)
		}
		state(s, r, certificate)
		if name = issuer(s, r, certificate); name == "" {
			return
		}
	}
}

// certificateFor is the Certificate that makes a Secret, nil if none does.
func certificateFor(s *doctor.Snapshot, secret string) *certmanager.Certificate {
	i := slices.IndexFunc(s.Certificates.Value, func(c certmanager.Certificate) bool { return c.Spec.SecretName == secret })
	if i < 0 {
		return nil
	}
	return &s.Certificates.Value[i]
}

func state(s *doctor.Snapshot, r *doctor.Result, c *certmanager.Certificate) {
	found := "it has no condition Ready: is cert-manager running?"
	for _, condition := range c.Status.Conditions {
		if condition.Type != certmanager.CertificateConditionReady {
			continue
		}
		if condition.Status == certmeta.ConditionTrue {
			return
		}
		found = condition.Reason + ": " + condition.Message
	}
	r.Add(doctor.CertificateNotReady, "Certificate "+s.Namespace+"/"+c.Name, found,
		fmt.Sprintf("kubectl -n %s describe certificate %s; kubectl -n %[1]s describe certificaterequest shows the step that failed", s.Namespace, c.Name))
}

// issuer looks at the issuer of a certificate and returns the Secret of its CA.
func issuer(s *doctor.Snapshot, r *doctor.Result, c *certmanager.Certificate) (secret string) {
	ref := c.Spec.IssuerRef
	if group := cmp.Or(ref.Group, certmanager.SchemeGroupVersion.Group); group != certmanager.SchemeGroupVersion.Group {
		r.Unseen(fmt.Sprintf("issuer %s of group %s, which is not cert-manager's own", ref.Name, group))
		return ""
	}
	if s.Issuers.Unseen != "" {
		r.Unseen(s.Issuers.Unseen)
		return ""
	}
	kind := cmp.Or(ref.Kind, certmanager.IssuerKind)
	object := kind + " " + ref.Name
	i := slices.IndexFunc(s.Issuers.Value, func(o doctor.Issuer) bool { return o.Kind == kind && o.Name == ref.Name })
	if i < 0 {
		r.Add(doctor.IssuerMissing, object, "Certificate "+c.Name+" names it, and it is not there", install)
		return ""
	}
	is := s.Issuers.Value[i]
	found := "it has no condition Ready: is cert-manager running?"
	for _, condition := range is.Status.Conditions {
		if condition.Type != certmanager.IssuerConditionReady {
			continue
		}
		if condition.Status == certmeta.ConditionTrue {
			return is.Secret
		}
		found = condition.Reason + ": " + condition.Message
	}
	r.Add(doctor.IssuerNotReady, object, found, fmt.Sprintf("kubectl -n %s describe %s %s", s.Namespace, kind, ref.Name))
	return is.Secret
}
