package cluster

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Rights applies what the chart renders with these flags of helm, but neither
// webhooks, which nobody serves, nor ConfigMaps and EnvoyFilters, which tests bring
// themselves. It returns what talks to the API server as holdfast's service account,
// with exactly the rights that the chart gives it. dir takes the kubeconfig.
func (c *Cluster) Rights(ctx context.Context, dir string, flags ...string) (*rest.Config, error) {
	if err := c.makeRootNamespace(ctx); err != nil {
		return nil, err
	}
	objects, err := Render(Namespace, append([]string{"--set", "namespace.create=true"}, flags...)...)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if kind := object.GetKind(); strings.HasSuffix(kind, "WebhookConfiguration") || kind == "ConfigMap" || kind == "EnvoyFilter" {
			continue
		}
		if err := c.Apply(ctx, object); err != nil {
			return nil, err
		}
	}
	path, err := c.serviceAccount(dir, Namespace)
	if err != nil {
		return nil, err
	}
	return clientcmd.BuildConfigFromFlags("", path)
}

// makeRootNamespace makes Istio's: where users install holdfast, Istio is there
// already.
func (c *Cluster) makeRootNamespace(ctx context.Context) error {
	root := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "istio-system"}}
	return client.IgnoreAlreadyExists(c.Client.Create(ctx, root))
}

// serviceAccount writes a kubeconfig of the service account of a holdfast in a
// namespace.
func (c *Cluster) serviceAccount(dir, namespace string) (path string, err error) {
	return c.Kubeconfig(dir, "system:serviceaccount:"+namespace+":holdfast",
		"system:serviceaccounts", "system:serviceaccounts:"+namespace, "system:authenticated")
}
