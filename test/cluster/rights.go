package cluster

import (
	"context"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Rights applies files of the folder deploy, but neither webhooks, which nobody
// serves, nor ConfigMaps, which tests bring themselves. It returns what talks to
// the API server as holdfast's service account, with exactly the rights that
// these files give it. dir takes the kubeconfig.
func (c *Cluster) Rights(ctx context.Context, dir string, files ...string) (*rest.Config, error) {
	if err := c.makeRootNamespace(ctx); err != nil {
		return nil, err
	}
	for _, file := range files {
		objects, err := ReadObjects(filepath.Join(Root(), "deploy", file))
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			if strings.HasSuffix(object.GetKind(), "WebhookConfiguration") || object.GetKind() == "ConfigMap" {
				continue
			}
			if err := c.Apply(ctx, object); err != nil {
				return nil, err
			}
		}
	}
	path, err := c.serviceAccount(dir)
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

// serviceAccount writes a kubeconfig of holdfast's service account.
func (c *Cluster) serviceAccount(dir string) (path string, err error) {
	return c.Kubeconfig(dir, "system:serviceaccount:holdfast-system:holdfast",
		"system:serviceaccounts", "system:serviceaccounts:holdfast-system", "system:authenticated")
}
