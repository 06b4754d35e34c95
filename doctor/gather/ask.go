package gather

import (
	"context"
	"fmt"
	"sync"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	networkingbeta "istio.io/client-go/pkg/apis/networking/v1beta1"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// requestTimeout bounds one request, and asking one pod.
	requestTimeout = 15 * time.Second
	// perPage is how many objects are asked for at a time, as kubectl does.
	perPage = 500
	// parallel is how many pods are created or asked at a time.
	parallel = 4
)

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, admissionregistration.AddToScheme,
		networking.AddToScheme, networkingbeta.AddToScheme, certmanager.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return scheme, nil
}

// newMapper knows the few kinds, so that no discovery is needed: a kind that the
// cluster does not know is then a plain 404.
func newMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, kind := range []string{"Pod", "Service", "ConfigMap", "Secret"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	for _, kind := range []string{"Deployment", "DaemonSet"} {
		mapper.Add(appsv1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	// The oldest version of these: every Istio serves it.
	for _, kind := range []string{"EnvoyFilter", "DestinationRule", "ServiceEntry"} {
		mapper.Add(networking.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	for _, kind := range []string{"Certificate", "Issuer"} {
		mapper.Add(certmanager.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	mapper.Add(networkingbeta.SchemeGroupVersion.WithKind("ProxyConfig"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	mapper.Add(certmanager.SchemeGroupVersion.WithKind("ClusterIssuer"), meta.RESTScopeRoot)
	for _, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		mapper.Add(admissionregistration.SchemeGroupVersion.WithKind(kind), meta.RESTScopeRoot)
	}
	return mapper
}

func metadataList(kind schema.GroupVersionKind) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind)
	return list
}

// get reports whether an object is there, or why that was not to be seen.
func (g *gatherer) get(ctx context.Context, resource, namespace, name string, into client.Object) (found bool, unseen string) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err := g.client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into)
	if apierrors.IsNotFound(err) {
		return false, ""
	}
	return err == nil, whyUnseen(err, "get", resource, namespace, name)
}

// list reads objects page by page and hands each page to take. empty is of the
// list's type. A kind that the cluster does not know has none.
func list[L client.ObjectList](ctx context.Context, g *gatherer, resource string, empty L, take func(L), options ...client.ListOption) (unseen string) {
	var chosen client.ListOptions
	chosen.ApplyOptions(options)
	for chosen.Limit, chosen.Continue = perPage, ""; ; {
		page := empty.DeepCopyObject().(L) // a page that is decoded into twice keeps what the first had
		limited, cancel := context.WithTimeout(ctx, requestTimeout)
		err := g.client.List(limited, page, &chosen)
		cancel()
		if apierrors.IsNotFound(err) {
			return ""
		}
		if err != nil {
			return whyUnseen(err, "list", resource, chosen.Namespace, "")
		}
		take(page)
		if chosen.Continue = page.GetContinue(); chosen.Continue == "" {
			return ""
		}
	}
}

// whyUnseen says why something was not to be seen, and what it takes; nothing without
// an error.
func whyUnseen(err error, verb, resource, namespace, name string) string {
	where := ""
	if namespace != "" {
		where = " in namespace " + namespace
	}
	switch {
	case err == nil:
		return ""
	case apierrors.IsForbidden(err):
		scope := "-A"
		if namespace != "" {
			scope = "-n " + namespace
		}
		return fmt.Sprintf("forbidden to %s %s%s; ask for that right (kubectl auth can-i %[1]s %[2]s %[4]s)", verb, resource, where, scope)
	}
	if name != "" {
		where += " (" + name + ")"
	}
	return fmt.Sprintf("cannot %s %s%s: %v", verb, resource, where, err)
}

// each calls f for every index below n, some at a time, until ctx ends.
func each(ctx context.Context, n int, f func(i int)) {
	var running sync.WaitGroup
	room := make(chan struct{}, parallel)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		room <- struct{}{}
		running.Go(func() {
			defer func() { <-room }()
			f(i)
		})
	}
	running.Wait()
}

// warnings hands warnings of the API server to whoever asked, by the context of the
// request; without a taker they are dropped.
type warnings struct{}

type warningsKey struct{}

// taken collects the warnings of requests. One goroutine at a time uses it.
type taken struct{ texts []string }

func withWarnings(ctx context.Context) (context.Context, *taken) {
	t := &taken{}
	return context.WithValue(ctx, warningsKey{}, t), t
}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (warnings) HandleWarningHeaderWithContext(ctx context.Context, _ int, _, text string) {
	if t, ok := ctx.Value(warningsKey{}).(*taken); ok {
		t.texts = append(t.texts, text)
	}
}
