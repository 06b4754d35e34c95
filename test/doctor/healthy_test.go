package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	certmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

const (
	own  = "holdfast-system"
	mesh = "istio-system"
)

// rulesText are rules of every kind that a check goes by.
const rulesText = `apiVersion: holdfast.dev/v1alpha1
kind: Rules
rules:
- name: pools
  destinations: {middleware: [redis], hosts: ["*.cache.example.com", "redis.shop.svc.cluster.local"]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 24h}
- name: databases
  destinations: {ports: [3306]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
- name: exact
  destinations: {ports: [5432], cidrs: [10.20.0.0/16]}
  strategy: {idleTimeout: 48h, scope: Destinations}
gateways:
- name: public
  namespace: istio-system
  selector: {istio: ingressgateway}
  ports: [8443]
  keepalive: {time: 300s, interval: 20s, probes: 4}
- name: edge
  namespace: edge
  selector: {istio: edge}
  idleTimeout: 24h
`

// makeHealthy puts everything there that an installation has.
func makeHealthy(ctx context.Context) error {
	c := shared.client
	for _, o := range healthyObjects() {
		if err := c.Create(ctx, o); err != nil {
			return fmt.Errorf("creating %T %s: %w", o, o.GetName(), err)
		}
	}
	if err := makeSecret(ctx); err != nil {
		return err
	}
	for _, name := range []string{"holdfast-a", "holdfast-b"} {
		placeInstalled(name)
		if err := shared.cluster.Place(ctx, own, name, "node"); err != nil {
			return err
		}
	}
	if err := makeCertificates(ctx); err != nil {
		return err
	}
	if err := putRules(ctx, rulesText); err != nil {
		return err
	}
	// What the rules need, as a user gets it.
	path := filepath.Join(filepath.Dir(shared.auditLog), "rules.yaml")
	if err := os.WriteFile(path, []byte(rulesText), 0o600); err != nil {
		return err
	}
	rendered, err := runRender(path)
	if err != nil {
		return err
	}
	manifest := filepath.Join(filepath.Dir(shared.auditLog), "mesh.yaml")
	if err := os.WriteFile(manifest, rendered, 0o600); err != nil {
		return err
	}
	objects, err := cluster.ReadObjects(manifest)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := shared.cluster.Apply(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func healthyObjects() []client.Object {
	return []client.Object{
		namespaceOf("shop", "holdfast.dev/enabled", "true", "istio-injection", "enabled"),
		namespaceOf("pay", "holdfast.dev/enabled", "true", "istio.io/rev", "stable"),
		// Its pods ask for sidecars one by one.
		namespaceOf("single", "holdfast.dev/enabled", "true"),
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "single", Name: "app", Annotations: map[string]string{"sidecar.istio.io/status": "{}"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "app:1"}}},
		},
		namespaceOf("plain"),
		// Its gateway's pods are to carry something.
		namespaceOf("edge", "holdfast.dev/enabled", "true", "istio-injection", "enabled"),
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "edge-1", Labels: map[string]string{"istio": "edge"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Image: "proxyv2:1.31.0"}}},
		},
		injector("istio-sidecar-injector", "namespace.sidecar-injector.istio.io", "istio-injection", "enabled"),
		injector("istio-revision-tag-stable", "rev.namespace.sidecar-injector.istio.io", "istio.io/rev", "stable"),
		deploymentOf("istiod", "pilot:1.31.0"),
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: mesh, Name: "ingressgateway-1", Labels: map[string]string{"istio": "ingressgateway"}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "istio-proxy", Image: "proxyv2:1.31.0"}}},
		},
	}
}

func namespaceOf(name string, labels ...string) *corev1.Namespace {
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
	for i := 0; i < len(labels); i += 2 {
		n.Labels[labels[i]] = labels[i+1]
	}
	return n
}

// injector is a configuration of Istio's with the name and the selector of one of its
// webhooks. Nobody answers there, so that, unlike Istio's, it says Ignore.
func injector(name, webhook, label, value string) *admissionregistration.MutatingWebhookConfiguration {
	ignore, none, at := admissionregistration.Ignore, admissionregistration.SideEffectClassNone, "https://127.0.0.1:1/inject"
	return &admissionregistration.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "sidecar-injector"}},
		Webhooks: []admissionregistration.MutatingWebhook{{
			Name: webhook, FailurePolicy: &ignore, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig:      admissionregistration.WebhookClientConfig{URL: &at},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{label: value}},
			Rules: []admissionregistration.RuleWithOperations{{
				Operations: []admissionregistration.OperationType{admissionregistration.Create},
				Rule:       admissionregistration.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}
}

func deploymentOf(name, image string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: mesh, Name: name, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "discovery", Image: image}}},
			},
		},
	}
}

// makeSecret puts the certificate of the installed holdfast where its Deployment
// mounts one.
func makeSecret(ctx context.Context) error {
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: own, Name: "holdfast-tls"},
		Type:       corev1.SecretTypeTLS, Data: map[string][]byte{},
	}
	for _, name := range []string{"tls.crt", "tls.key"} {
		data, err := os.ReadFile(filepath.Join(shared.holdfast.CertDir, name))
		if err != nil {
			return err
		}
		secret.Data[name] = data
	}
	return shared.client.Create(ctx, secret)
}

// mountSecret makes the Deployment that of an installation with cert-manager, however
// the manifest has it.
func mountSecret(o *unstructured.Unstructured) {
	if o.GetKind() != "Deployment" {
		return
	}
	spec := o.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
	spec["volumes"] = []any{map[string]any{"name": "tls", "secret": map[string]any{"secretName": "holdfast-tls"}}}
	container := spec["containers"].([]any)[0].(map[string]any)
	container["volumeMounts"] = []any{map[string]any{"name": "tls", "mountPath": "/etc/holdfast/tls"}}
	container["args"] = []any{"webhook", "--rules-configmap=holdfast-system/holdfast-rules", "--cert-dir=/etc/holdfast/tls"}
}

// makeCertificates makes what cert-manager gets in such an installation: an authority
// that signs itself, and the certificate that it signs. It says Ready for all of them.
func makeCertificates(ctx context.Context) error {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: own, Name: name} }
	certificate := func(name, secret, issuer string) *certmanager.Certificate {
		return &certmanager.Certificate{ObjectMeta: meta(name), Spec: certmanager.CertificateSpec{
			SecretName: secret, IssuerRef: certmeta.IssuerReference{Kind: "Issuer", Name: issuer}, DNSNames: []string{"holdfast.holdfast-system.svc"},
		}}
	}
	bySelf := certmanager.IssuerConfig{SelfSigned: &certmanager.SelfSignedIssuer{}}
	byCA := certmanager.IssuerConfig{CA: &certmanager.CAIssuer{SecretName: "holdfast-issuer"}}
	for _, o := range []client.Object{
		&certmanager.Issuer{ObjectMeta: meta("holdfast-selfsigned"), Spec: certmanager.IssuerSpec{IssuerConfig: bySelf}},
		&certmanager.Issuer{ObjectMeta: meta("holdfast"), Spec: certmanager.IssuerSpec{IssuerConfig: byCA}},
		certificate("holdfast-ca", "holdfast-issuer", "holdfast-selfsigned"),
		certificate("holdfast", "holdfast-tls", "holdfast"),
	} {
		err := shared.client.Create(ctx, o)
		if _, ok := o.(*certmanager.Issuer); ok && err == nil {
			err = issuerReady(ctx, o.GetName(), certmeta.ConditionTrue, "")
		} else if err == nil {
			err = certificateReady(ctx, o.GetName(), certmeta.ConditionTrue, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func certificateReady(ctx context.Context, name string, status certmeta.ConditionStatus, message string) error {
	c := &certmanager.Certificate{}
	if err := shared.client.Get(ctx, client.ObjectKey{Namespace: own, Name: name}, c); err != nil {
		return err
	}
	c.Status.Conditions = []certmanager.CertificateCondition{{Type: certmanager.CertificateConditionReady, Status: status, Reason: "Test", Message: message}}
	return shared.client.Status().Update(ctx, c)
}

func issuerReady(ctx context.Context, name string, status certmeta.ConditionStatus, message string) error {
	is := &certmanager.Issuer{}
	if err := shared.client.Get(ctx, client.ObjectKey{Namespace: own, Name: name}, is); err != nil {
		return err
	}
	is.Status.Conditions = []certmanager.IssuerCondition{{Type: certmanager.IssuerConditionReady, Status: status, Reason: "Test", Message: message}}
	return shared.client.Status().Update(ctx, is)
}

// putRules writes the rules and waits until holdfast has read them.
func putRules(ctx context.Context, text string) error {
	cm := &corev1.ConfigMap{}
	if err := shared.client.Get(ctx, client.ObjectKey{Namespace: own, Name: "holdfast-rules"}, cm); err != nil {
		return err
	}
	before := loads(ctx)
	cm.Data = map[string]string{"rules.yaml": text}
	if err := shared.client.Update(ctx, cm); err != nil {
		return err
	}
	for deadline := time.Now().Add(30 * time.Second); loads(ctx) == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("holdfast did not read the rules within 30 s; metrics before: %s", before)
		}
	}
	return nil
}

// loads are the metrics that change when rules are read, with or without success.
func loads(ctx context.Context) string {
	var lines []string
	for line := range strings.Lines(shared.holdfast.Metrics(ctx)) {
		if strings.HasPrefix(line, "holdfast_rules_loaded_timestamp_seconds ") || strings.HasPrefix(line, "holdfast_rules_load_errors_total ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
