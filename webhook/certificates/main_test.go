package certificates_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/webhook"
	"github.com/holdfast-mesh/holdfast/webhook/certificates"
	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

const (
	namespace  = "holdfast-system"
	serverName = "holdfast.holdfast-system.svc"
)

// shared is a real API server with holdfast's manifest applied, webhooks included.
// They name the Service, as users' do, so that the API server asks for the
// certificate of the Service's name; the Service leads to the gate.
var shared struct {
	*cluster.Cluster
	config *rest.Config // of holdfast's service account, with exactly its rights
	gate   *gate
}

var eventually = cluster.Eventually

func TestMain(m *testing.M) { cluster.Main(m, "certificates", prepare) }

func prepare(dir string, after func(func() error)) (err error) {
	webhook.UseLogger(logr.Discard())
	ctx := context.Background()
	if shared.Cluster, err = cluster.Start(nil); err != nil {
		return err
	}
	after(shared.Stop)
	if shared.config, err = shared.Rights(ctx, dir); err != nil {
		return err
	}
	if shared.gate, err = openGate(); err != nil {
		return err
	}
	after(func() error { shared.gate.close(); return nil })
	if err := install(ctx); err != nil {
		return err
	}
	shop := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{"holdfast.dev/enabled": "true"}}}
	return shared.Client.Create(ctx, shop)
}

// secretObject is the Secret as it is shipped.
func secretObject() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("v1")
	object.SetKind("Secret")
	object.SetNamespace(namespace)
	object.SetName(certificates.SecretName)
	return object
}

// install applies Service and webhook configurations as an installer does, again and
// again, without caBundle.
func install(ctx context.Context) error {
	objects, err := cluster.Render(namespace)
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(shared.gate.address())
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		return err
	}
	for _, object := range objects {
		switch {
		case object.GetKind() == "Service":
			object.Object["spec"] = map[string]any{"type": "ExternalName", "externalName": "localhost", "selector": nil, "ports": nil}
			if err := client.IgnoreNotFound(shared.Client.Delete(ctx, object.DeepCopy())); err != nil {
				return err
			}
		case strings.HasSuffix(object.GetKind(), "WebhookConfiguration"):
			object.SetAnnotations(nil)
			webhooks, _, err := unstructured.NestedSlice(object.Object, "webhooks")
			if err != nil {
				return err
			}
			for _, w := range webhooks {
				if err := unstructured.SetNestedField(w.(map[string]any), number, "clientConfig", "service", "port"); err != nil {
					return err
				}
			}
			if err := unstructured.SetNestedSlice(object.Object, webhooks, "webhooks"); err != nil {
				return err
			}
		default:
			continue
		}
		if err := shared.Apply(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// reset makes the cluster what it is after an installation.
func reset(t *testing.T) {
	t.Helper()
	shared.gate.forget()
	fill(t)
	mutating, validating := configurations(t)
	for i := range mutating.Webhooks {
		mutating.Webhooks[i].ClientConfig.CABundle = nil
	}
	for i := range validating.Webhooks {
		validating.Webhooks[i].ClientConfig.CABundle = nil
	}
	for _, object := range []client.Object{mutating, validating} {
		if err := shared.Client.Update(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}

// fill puts authorities into the Secret, none to empty it, as a person does.
func fill(t *testing.T, authorities ...*authority.Authority) {
	t.Helper()
	data, err := authority.Data(authorities)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, data)
}

func edit(t *testing.T, data map[string][]byte) {
	t.Helper()
	retry(t, func() error {
		secret := &corev1.Secret{}
		if err := shared.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: certificates.SecretName}, secret); err != nil {
			return err
		}
		secret.Data = data
		return shared.Client.Update(t.Context(), secret)
	})
}

// retry tries again what collided with what holdfast writes.
func retry(t *testing.T, f func() error) {
	t.Helper()
	var err error
	for range 20 {
		if err = f(); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(err)
}

// inSecret are the authorities in the Secret.
func inSecret(t *testing.T) []*authority.Authority {
	t.Helper()
	secret := &corev1.Secret{}
	if err := shared.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: certificates.SecretName}, secret); err != nil {
		t.Fatal(err)
	}
	got, err := authority.Parse(secret.Data)
	if err != nil {
		t.Logf("Secret: %v", err)
	}
	return got
}

func configurations(t *testing.T) (*admissionregistrationv1.MutatingWebhookConfiguration, *admissionregistrationv1.ValidatingWebhookConfiguration) {
	t.Helper()
	mutating, validating, err := readConfigurations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return mutating, validating
}

func readConfigurations(ctx context.Context) (*admissionregistrationv1.MutatingWebhookConfiguration, *admissionregistrationv1.ValidatingWebhookConfiguration, error) {
	mutating, validating := &admissionregistrationv1.MutatingWebhookConfiguration{}, &admissionregistrationv1.ValidatingWebhookConfiguration{}
	for _, object := range []client.Object{mutating, validating} {
		if err := shared.Client.Get(ctx, client.ObjectKey{Name: certificates.ConfigurationName}, object); err != nil {
			return nil, nil, err
		}
	}
	return mutating, validating, nil
}

// bundles are the caBundles of all webhooks.
func bundles(t *testing.T) [][]byte {
	t.Helper()
	all, err := readBundles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readBundles(ctx context.Context) (all [][]byte, err error) {
	mutating, validating, err := readConfigurations(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range mutating.Webhooks {
		all = append(all, w.ClientConfig.CABundle)
	}
	for _, w := range validating.Webhooks {
		all = append(all, w.ClientConfig.CABundle)
	}
	return all, nil
}
