package webhook

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
)

// restConfig finds the cluster to watch: an explicit kubeconfig, $KUBECONFIG,
// the pod's own service account. origin says which, for the log. A nil config
// without an error means: no cluster.
//
// The kubeconfig in the home directory counts only when a cluster is needed,
// for a rules ConfigMap. On a laptop, serving from files must not depend on
// whether yesterday's cluster still answers.
func restConfig(o *Options) (config *rest.Config, origin string, err error) {
	switch {
	case o.RESTConfig != nil:
		return rest.CopyConfig(o.RESTConfig), "given", nil
	case o.Kubeconfig != "":
		config, err = clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
		if err != nil {
			return nil, "", fmt.Errorf("cannot use kubeconfig %s: %w", o.Kubeconfig, err)
		}
		return config, "kubeconfig " + o.Kubeconfig, nil
	case os.Getenv(clientcmd.RecommendedConfigPathEnvVar) != "":
		config, origin, err = fromLoadingRules("$KUBECONFIG " + os.Getenv(clientcmd.RecommendedConfigPathEnvVar))
		if err != nil && clientcmd.IsEmptyConfig(errors.Unwrap(err)) && o.RulesConfigMap == "" {
			return nil, "", nil // KUBECONFIG=/dev/null is how people say "none"
		}
		return config, origin, err
	}
	config, err = rest.InClusterConfig()
	switch {
	case err == nil:
		return config, "service account of this pod", nil
	case !errors.Is(err, rest.ErrNotInCluster):
		return nil, "", fmt.Errorf("this seems to be a pod, but its service account is unusable: %w", err)
	case o.RulesConfigMap == "":
		return nil, "", nil
	}
	if _, err := os.Stat(clientcmd.RecommendedHomeFile); err != nil {
		return nil, "", fmt.Errorf("--rules-configmap needs a cluster: got neither --kubeconfig nor $KUBECONFIG nor %s, and this is no pod; want one of them, or --rules-file", clientcmd.RecommendedHomeFile)
	}
	return fromLoadingRules("kubeconfig " + clientcmd.RecommendedHomeFile)
}

func fromLoadingRules(origin string) (*rest.Config, string, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("cannot use %s: %w", origin, err)
	}
	return config, origin, nil
}

var (
	namespaceKind = corev1.SchemeGroupVersion.WithKind("Namespace")
	webhookKind   = admissionregistrationv1.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration")
)

// newScheme knows the few kinds that are read or written.
func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, corev1.AddToScheme(scheme)
}

// newMapper maps the few kinds without asking the API server, so that starting
// needs no discovery and works while the API server is away.
func newMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{corev1.SchemeGroupVersion, admissionregistrationv1.SchemeGroupVersion})
	mapper.Add(namespaceKind, meta.RESTScopeRoot)
	mapper.Add(webhookKind, meta.RESTScopeRoot)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ConfigMap"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Event"), meta.RESTScopeNamespace)
	return mapper
}
