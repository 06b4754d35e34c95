package checks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	certmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// issued is a certificate with its key, which may sign others.
type issued struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

var serial = int64(0)

// issue makes a certificate of 100 hours around noon, changed by edit, signed by a CA or
// by itself.
func issue(t *testing.T, by *issued, edit func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "holdfast"},
		NotBefore: noon.Add(-50 * time.Hour), NotAfter: noon.Add(50 * time.Hour),
		DNSNames: []string{"holdfast.holdfast-system.svc"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if by == nil {
		template.DNSNames, template.ExtKeyUsage = nil, nil
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	}
	if edit != nil {
		edit(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{c, key}
}

func bundleOf(list ...*issued) (text []byte) {
	for _, c := range list {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

func TestCertificates(t *testing.T) {
	ca, other := issue(t, nil, nil), issue(t, nil, nil)
	old := issue(t, nil, func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Hour) })
	good := issue(t, ca, nil)
	lasting := func(from, until time.Duration) *issued {
		return issue(t, ca, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = noon.Add(from), noon.Add(until) })
	}
	middle := issue(t, ca, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.DNSNames, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil, nil
	})
	// state is one replica that serves a chain, with the caBundle in both configurations
	// and the leaf in the Secret.
	state := func(bundle []byte, chain ...*issued) *doctor.Snapshot {
		s := seenMutators([]string{"--cert-dir=/tls"}, mutator("holdfast", doctor.PodsWebhook))
		s.Now = noon
		s.Mutating.Value[0].Webhooks[0].ClientConfig.CABundle = bundle
		s.Validating.Value[0].Webhooks[0].ClientConfig = s.Mutating.Value[0].Webhooks[0].ClientConfig
		template := &s.Deployment.Value.Spec.Template.Spec
		template.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "tls", MountPath: "/tls"}}
		template.Volumes = []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "holdfast-tls"}}}}
		replica := doctor.Replica{Name: "a"}
		for _, c := range chain {
			replica.Chain.Value = append(replica.Chain.Value, c.Certificate)
		}
		s.Replicas.Value = []doctor.Replica{replica}
		s.Secret.Value = &doctor.Secret{Name: "holdfast-tls", Certificates: replica.Chain.Value}
		return s
	}
	changed := func(s *doctor.Snapshot, change func(*doctor.Snapshot)) *doctor.Snapshot {
		change(s)
		return s
	}
	twice := func(code doctor.Code) []doctor.Code { return []doctor.Code{code, code} } // of both configurations
	selfSigned := func(s *doctor.Snapshot) {
		s.Deployment.Value.Spec.Template.Spec.Containers[0].Args = []string{"--self-signed"}
	}
	table(t, doctor.Certificates, []judged{
		{name: "as it should be", state: state(bundleOf(ca), good), says: "1 certificate of 1 replica held against 2 caBundles; valid until 2026-01-04T14:00:00Z"},
		{name: "old and new CA together, while rotating", state: state(bundleOf(old, other, ca), good)},
		{name: "a CA between that is served too", state: state(bundleOf(ca), issue(t, middle, nil), middle)},
		{name: "a CA between that is not served", state: state(bundleOf(ca), issue(t, middle, nil)), codes: twice(doctor.CABundleMismatch)},
		{name: "another CA", state: state(bundleOf(other), good), codes: twice(doctor.CABundleMismatch), says: "ValidatingWebhookConfiguration holdfast does not trust"},
		{name: "no caBundle", state: state(nil, good), codes: twice(doctor.CABundleMissing), says: "caBundle is empty"},
		{name: "a caBundle of nothing", state: state([]byte("nothing"), good), codes: twice(doctor.CABundleMissing), says: "no certificate in caBundle"},
		{name: "an expired CA", state: state(bundleOf(old), issue(t, old, nil)), codes: twice(doctor.CAExpired), says: "until 2026-01-02T11:00:00Z"},
		{name: "expired", state: state(bundleOf(ca), lasting(-90*time.Hour, -time.Second)), codes: []doctor.Code{doctor.CertificateExpired}, says: "it ended at 2026-01-02T11:59:59Z"},
		{name: "not yet valid", state: state(bundleOf(ca), lasting(time.Second, 90*time.Hour)), codes: []doctor.Code{doctor.CertificateNotYetValid}, says: "it begins at 2026-01-02T12:00:01Z"},
		{name: "less than a tenth left", state: state(bundleOf(ca), lasting(-91*time.Hour, 9*time.Hour)), codes: []doctor.Code{doctor.CertificateEndsSoon}},
		{name: "a tenth left", state: state(bundleOf(ca), lasting(-90*time.Hour, 10*time.Hour))},
		{
			name: "another name, which is said once", state: state(bundleOf(ca), issue(t, ca, func(c *x509.Certificate) { c.DNSNames = []string{"holdfast.default.svc"} })),
			codes: []doctor.Code{doctor.CertificateWrongName}, says: "got holdfast.default.svc, want holdfast.holdfast-system.svc",
		},
		{name: "no name but a common one", state: state(bundleOf(ca), issue(t, ca, func(c *x509.Certificate) { c.DNSNames = nil })), codes: []doctor.Code{doctor.CertificateWrongName}, says: "got no name"},
		{name: "for clients", state: state(bundleOf(ca), issue(t, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })), codes: []doctor.Code{doctor.CertificateWrongUsage}},
		{name: "none", state: state(bundleOf(ca)), codes: []doctor.Code{doctor.NoCertificateServed, doctor.SecretMissing}},
		{name: "another than in the Secret", state: changed(state(bundleOf(ca), good), func(s *doctor.Snapshot) {
			s.Secret.Value.Certificates = []*x509.Certificate{issue(t, ca, nil).Certificate}
		}), codes: []doctor.Code{doctor.SecretDiffers}, says: "delete pod a"},
		{name: "no Secret", state: changed(state(bundleOf(ca), good), func(s *doctor.Snapshot) { s.Secret.Value = nil }), codes: []doctor.Code{doctor.SecretMissing}, says: "create secret tls holdfast-tls"},
		{name: "a Secret that may not be read", state: changed(state(bundleOf(ca), good), func(s *doctor.Snapshot) {
			s.Secret = doctor.Seen[*doctor.Secret]{Unseen: "forbidden to get secrets"}
		}), unseen: "forbidden to get secrets"},
		{name: "a port that does not answer", state: changed(state(bundleOf(ca), good), func(s *doctor.Snapshot) {
			s.Replicas.Value[0].Chain = doctor.Seen[[]*x509.Certificate]{Unseen: "port 9443: refused"}
		}), unseen: "the certificate of pod a: port 9443: refused"},
		{name: "self-signed", state: changed(state(bundleOf(other, ca), good), func(s *doctor.Snapshot) {
			selfSigned(s)
			s.Secret.Value = &doctor.Secret{Name: "holdfast-ca", Certificates: []*x509.Certificate{ca.Certificate}}
		})},
		{name: "self-signed, and the CA of the Secret is not trusted", state: changed(state(bundleOf(ca), good), func(s *doctor.Snapshot) {
			selfSigned(s)
			s.Secret.Value = &doctor.Secret{Name: "holdfast-ca", Certificates: []*x509.Certificate{other.Certificate}}
		}), codes: twice(doctor.CABundleMismatch), says: "caBundle has no CA of Secret holdfast-system/holdfast-ca"},
	})
}

func TestCertManager(t *testing.T) {
	ready := certmanager.IssuerStatus{Conditions: []certmanager.IssuerCondition{{Type: certmanager.IssuerConditionReady, Status: certmeta.ConditionTrue}}}
	certificate := func(name, secret string, issuer certmeta.IssuerReference, conditions ...certmanager.CertificateCondition) certmanager.Certificate {
		return certmanager.Certificate{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: certmanager.CertificateSpec{SecretName: secret, IssuerRef: issuer},
			Status: certmanager.CertificateStatus{Conditions: conditions},
		}
	}
	is := func(status certmeta.ConditionStatus) certmanager.CertificateCondition {
		return certmanager.CertificateCondition{Type: certmanager.CertificateConditionReady, Status: status, Reason: "DoesNotExist", Message: "no Secret"}
	}
	state := func(issuers []doctor.Issuer, certificates ...certmanager.Certificate) *doctor.Snapshot {
		s := seenMutators([]string{"--cert-dir=/tls"})
		template := &s.Deployment.Value.Spec.Template.Spec
		template.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "tls", MountPath: "/tls/"}}
		template.Volumes = []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls"}}}}
		s.Certificates.Value, s.Issuers.Value = certificates, issuers
		return s
	}
	selfSigned := state(nil)
	selfSigned.Deployment.Value.Spec.Template.Spec.Containers[0].Args = []string{"--self-signed"}
	local := certmeta.IssuerReference{Name: "own"} // an Issuer, unless it says something else
	table(t, doctor.CertManager, []judged{
		{name: "not installed", state: state(nil), says: "no Certificate of it makes Secret tls"},
		{name: "not used", state: selfSigned, says: "not used"},
		{name: "ready", state: state([]doctor.Issuer{{Kind: "Issuer", Name: "own", Status: ready}}, certificate("a", "tls", local, is(certmeta.ConditionTrue))), says: "Certificate a makes Secret tls"},
		{name: "not ready", state: state([]doctor.Issuer{{Kind: "Issuer", Name: "own", Status: ready}}, certificate("a", "tls", local, is(certmeta.ConditionFalse))), codes: []doctor.Code{doctor.CertificateNotReady}, says: "DoesNotExist: no Secret"},
		{name: "no condition yet", state: state([]doctor.Issuer{{Kind: "Issuer", Name: "own"}}, certificate("a", "tls", local)), codes: []doctor.Code{doctor.CertificateNotReady, doctor.IssuerNotReady}, says: "is cert-manager running?"},
		{name: "Certificates of others", state: state(nil, certificate("a", "web", local)), says: "no Certificate of it makes Secret tls"},
		{name: "an Issuer is no ClusterIssuer", state: state([]doctor.Issuer{{Kind: "Issuer", Name: "own", Status: ready}}, certificate("a", "tls", certmeta.IssuerReference{Kind: "ClusterIssuer", Name: "own"}, is(certmeta.ConditionTrue))), codes: []doctor.Code{doctor.IssuerMissing}, says: "ClusterIssuer own"},
		{name: "an issuer of somebody else's kind", state: state(nil, certificate("a", "tls", certmeta.IssuerReference{Group: "awspca.cert-manager.io", Name: "own"}, is(certmeta.ConditionTrue))), unseen: "awspca.cert-manager.io"},
		{
			name: "the CA behind the issuer", state: state([]doctor.Issuer{{Kind: "Issuer", Name: "own", Secret: "ca", Status: ready}}, certificate("a", "tls", local, is(certmeta.ConditionTrue)), certificate("root", "ca", local, is(certmeta.ConditionFalse))),
			codes: []doctor.Code{doctor.CertificateNotReady}, says: "Certificate holdfast-system/root",
		},
	})
}
