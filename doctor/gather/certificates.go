package gather

import (
	"context"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/doctor"
)

// secret reads the Secret and keeps the certificates in it: never a key.
func (g *gatherer) secret(ctx context.Context) {
	s := g.snapshot
	name, ok := s.SecretName()
	if !ok {
		return
	}
	there := &corev1.Secret{}
	found, unseen := g.get(ctx, "secrets", s.Namespace, name, there)
	s.Secret.Unseen = unseen
	if !found {
		return
	}
	kept := &doctor.Secret{Name: name}
	if served, ok := there.Data[corev1.TLSCertKey]; ok && !s.SelfSigned() {
		kept.Certificates = doctor.ParseCertificates(served)
	} else {
		for _, data := range there.Data {
			kept.Certificates = append(kept.Certificates, doctor.ParseCertificates(data)...)
		}
	}
	s.Secret.Value = kept
}

// certManager reads cert-manager's objects, where it is installed.
func (g *gatherer) certManager(ctx context.Context) {
	s := g.snapshot
	if _, ok := s.SecretName(); !ok || s.SelfSigned() {
		return
	}
	in := client.InNamespace(s.Namespace)
	s.Certificates.Unseen = list(ctx, g, "certificates.cert-manager.io", &certmanager.CertificateList{}, func(page *certmanager.CertificateList) {
		s.Certificates.Value = append(s.Certificates.Value, page.Items...)
	}, in)
	if len(s.Certificates.Value) == 0 {
		return
	}
	s.Issuers.Unseen = list(ctx, g, "issuers.cert-manager.io", &certmanager.IssuerList{}, func(page *certmanager.IssuerList) {
		for i := range page.Items {
			is := &page.Items[i]
			s.Issuers.Value = append(s.Issuers.Value, doctor.Issuer{Kind: certmanager.IssuerKind, Name: is.Name, Secret: signer(&is.Spec), Status: is.Status})
		}
	}, in)
	asked := map[string]bool{}
	for i := range s.Certificates.Value {
		ref := s.Certificates.Value[i].Spec.IssuerRef
		if ref.Kind != certmanager.ClusterIssuerKind || asked[ref.Name] {
			continue
		}
		asked[ref.Name] = true
		is := &certmanager.ClusterIssuer{}
		found, unseen := g.get(ctx, "clusterissuers.cert-manager.io", "", ref.Name, is)
		if unseen != "" {
			s.Issuers.Unseen = unseen
		}
		if found { // its CA is in cert-manager's own namespace
			s.Issuers.Value = append(s.Issuers.Value, doctor.Issuer{Kind: certmanager.ClusterIssuerKind, Name: is.Name, Status: is.Status})
		}
	}
}

func signer(spec *certmanager.IssuerSpec) string {
	if spec.CA == nil {
		return ""
	}
	return spec.CA.SecretName
}
