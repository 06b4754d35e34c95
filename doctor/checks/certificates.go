package checks

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	admissionregistration "k8s.io/api/admissionregistration/v1"

	"github.com/holdfast-mesh/holdfast/doctor"
)

func certificates(s *doctor.Snapshot, r *doctor.Result) {
	for _, text := range []string{s.Mutating.Unseen, s.Validating.Unseen, s.Replicas.Unseen, s.Secret.Unseen} {
		r.Unseen(text)
	}
	hasDeployment(s, r)
	trusted := bundles(s, r)
	var until time.Time
	served := 0
	for i := range s.Replicas.Value {
		p := &s.Replicas.Value[i]
		switch {
		case p.State != "": // of check replicas
		case p.Chain.Unseen != "":
			r.Unseen("the certificate of pod " + p.Name + ": " + p.Chain.Unseen)
		case len(p.Chain.Value) == 0:
			r.Add(doctor.NoCertificateServed, "Pod "+s.Namespace+"/"+p.Name, "the TLS handshake ends without a certificate", renew(s))
		default:
			served++
			leaf := p.Chain.Value[0]
			if until.IsZero() || leaf.NotAfter.Before(until) {
				until = leaf.NotAfter
			}
			judge(s, r, p, trusted)
		}
	}
	secret(s, r, trusted)
	if served > 0 {
		r.Seen = fmt.Sprintf("%s of %s held against %s; valid until %s", count(served, "certificate"), count(len(s.Replicas.Value), "replica"), count(len(trusted), "caBundle"), until.UTC().Format(time.RFC3339))
	}
}

// bundle is what one webhook trusts.
type bundle struct {
	object string // "MutatingWebhookConfiguration holdfast"
	host   string // that the API server asks for
	cas    []*x509.Certificate
}

// bundles reads the caBundle of holdfast's webhooks.
func bundles(s *doctor.Snapshot, r *doctor.Result) (list []bundle) {
	read := func(object string, c *admissionregistration.WebhookClientConfig) {
		b := bundle{object: object, host: host(c), cas: doctor.ParseCertificates(c.CABundle)}
		if b.cas == nil {
			found := "caBundle is empty"
			if len(c.CABundle) > 0 {
				found = "there is no certificate in caBundle"
			}
			r.Add(doctor.CABundleMissing, object, found, renew(s))
			return
		}
		list = append(list, b)
	}
	for _, m := range s.Own() {
		read("MutatingWebhookConfiguration "+m.Configuration, &m.ClientConfig)
	}
	for i := range s.Validating.Value {
		configuration := &s.Validating.Value[i]
		for j := range configuration.Webhooks {
			if configuration.Webhooks[j].Name == doctor.RulesWebhook {
				read("ValidatingWebhookConfiguration "+configuration.Name, &configuration.Webhooks[j].ClientConfig)
			}
		}
	}
	return list
}

// host is the name that an API server wants the certificate to be for.
// Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#service-reference
func host(c *admissionregistration.WebhookClientConfig) string {
	if c.Service != nil {
		return c.Service.Name + "." + c.Service.Namespace + ".svc"
	}
	if c.URL != nil {
		if u, err := url.Parse(*c.URL); err == nil {
			return u.Hostname()
		}
	}
	return ""
}

// judge looks at what one replica serves, as the API server does for each webhook.
func judge(s *doctor.Snapshot, r *doctor.Result, p *doctor.Replica, trusted []bundle) {
	leaf, pod := p.Chain.Value[0], "Pod "+s.Namespace+"/"+p.Name
	switch left := leaf.NotAfter.Sub(s.Now); {
	case left <= 0:
		r.Add(doctor.CertificateExpired, pod, "it ended at "+leaf.NotAfter.UTC().Format(time.RFC3339), renew(s))
		return
	case s.Now.Before(leaf.NotBefore):
		r.Add(doctor.CertificateNotYetValid, pod, "it begins at "+leaf.NotBefore.UTC().Format(time.RFC3339)+"; is a clock wrong?", renew(s))
		return
	case left < leaf.NotAfter.Sub(leaf.NotBefore)/10:
		r.Add(doctor.CertificateEndsSoon, pod, "it ends at "+leaf.NotAfter.UTC().Format(time.RFC3339), renew(s))
	}
	said := map[doctor.Code]bool{} // of the certificate itself, whoever trusts it
	for _, b := range trusted {
		code, found := b.refuses(p.Chain.Value, s.Now)
		switch code {
		case "":
			continue
		case doctor.CertificateWrongName, doctor.CertificateWrongUsage:
			if said[code] {
				continue
			}
			said[code] = true
		default:
			found = b.object + " " + found
		}
		r.Add(code, pod, found, renew(s))
	}
}

// refuses says why an API server with this caBundle would refuse a chain; no code if
// it would not.
func (b *bundle) refuses(chain []*x509.Certificate, now time.Time) (code doctor.Code, found string) {
	leaf := chain[0]
	if err := leaf.VerifyHostname(b.host); err != nil {
		return doctor.CertificateWrongName, fmt.Sprintf("got %s, want %s", names(leaf), b.host)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, ca := range b.cas {
		roots.AddCert(ca)
	}
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return "", ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return doctor.CAExpired, fmt.Sprintf("trusts CA %s, valid from %s until %s", invalid.Cert.Subject, invalid.Cert.NotBefore.UTC().Format(time.RFC3339), invalid.Cert.NotAfter.UTC().Format(time.RFC3339))
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return doctor.CertificateWrongUsage, "its usages lack server auth"
	}
	return doctor.CABundleMismatch, fmt.Sprintf("does not trust what the pod serves, issued by %s: %v", leaf.Issuer, err)
}

func names(leaf *x509.Certificate) string {
	list := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		list = append(list, ip.String())
	}
	if list == nil {
		return "no name"
	}
	return listed(list)
}

// secret holds the Secret against what is served and trusted. One of a CA only has
// nothing that could be served.
func secret(s *doctor.Snapshot, r *doctor.Result, trusted []bundle) {
	if s.Secret.Unseen != "" {
		return // said
	}
	kept := s.Secret.Value
	if kept == nil {
		if name, ok := s.SecretName(); ok {
			r.Add(doctor.SecretMissing, "Secret "+s.Namespace+"/"+name, "not there", renew(s))
		}
		return
	}
	object := "Secret " + s.Namespace + "/" + kept.Name
	if len(kept.Certificates) == 0 {
		r.Add(doctor.SecretMissing, object, "there is no certificate in it", renew(s))
		return
	}
	if s.SelfSigned() {
		for _, b := range trusted {
			if !slices.ContainsFunc(kept.Certificates, func(c *x509.Certificate) bool { return holds(b.cas, c) }) {
				r.Add(doctor.CABundleMismatch, b.object, "caBundle has no CA of "+object, renew(s))
			}
		}
		return
	}
	for i := range s.Replicas.Value {
		p := &s.Replicas.Value[i]
		if len(p.Chain.Value) > 0 && !bytes.Equal(p.Chain.Value[0].Raw, kept.Certificates[0].Raw) {
			r.Add(doctor.SecretDiffers, "Pod "+s.Namespace+"/"+p.Name,
				fmt.Sprintf("it serves serial %s, %s has %s", p.Chain.Value[0].SerialNumber, object, kept.Certificates[0].SerialNumber),
				fmt.Sprintf("kubelets take about a minute to bring a new Secret; then: kubectl -n %s delete pod %s", s.Namespace, p.Name))
		}
	}
}

func holds(list []*x509.Certificate, one *x509.Certificate) bool {
	return slices.ContainsFunc(list, one.Equal)
}

// renew is how a certificate and its CA are made anew, by who makes them here.
func renew(s *doctor.Snapshot) string {
	name, _ := s.SecretName()
	switch {
	case s.SelfSigned():
		return fmt.Sprintf("holdfast makes certificate and caBundle itself: kubectl -n %s logs deployment/holdfast says what keeps it from that (rights on Secret %s and on both configurations)", s.Namespace, name)
	case certificateFor(s, name) != nil:
		return fmt.Sprintf("cert-manager makes it: kubectl -n %s describe certificate %s; cmctl renew -n %[1]s %[2]s makes it anew; caBundle comes from the annotation cert-manager.io/inject-ca-from of both configurations", s.Namespace, certificateFor(s, name).Name)
	}
	return fmt.Sprintf("make a certificate for holdfast.%s.svc (usage server auth) and put it into the Secret: kubectl -n %[1]s create secret tls %s --cert=FILE --key=FILE --dry-run=client -o yaml | kubectl apply -f -; its CA belongs into caBundle of both configurations", s.Namespace, name)
}
