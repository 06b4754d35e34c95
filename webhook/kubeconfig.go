package webhook

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// restConfig finds the cluster to watch: an explicit kubeconfig, $KUBECONFIG,
// the pod's own service account. origin says which, for the log. A nil config
// without an error means: no cluster.
//
// The kubeconfig in the home directory counts only when a cluster is needed, for
// a rules ConfigMap, for managing the mesh or for self-signed certificates. On a laptop, serving from files
// must not depend on whether yesterday's cluster still answers.
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
		if err != nil && clientcmd.IsEmptyConfig(errors.Unwrap(err)) {
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
	case o.needsCluster() == "":
		return nil, "", nil
	}
	if _, err := os.Stat(clientcmd.RecommendedHomeFile); err != nil {
		return nil, "", nil
	}
	return fromLoadingRules("kubeconfig " + clientcmd.RecommendedHomeFile)
}

// needsCluster names a flag that means nothing without a cluster, or nothing.
func (o *Options) needsCluster() string {
	switch {
	case o.RulesConfigMap != "":
		return "--rules-configmap"
	case o.ManageMesh:
		return "--manage-mesh"
	case o.SelfSigned:
		return "--self-signed"
	case o.ReadConfigMaps:
		return "--read-configmaps"
	}
	return ""
}

// errNoCluster says what a flag that needs a cluster has to have.
func errNoCluster(flag string) error {
	return fmt.Errorf("%w: %s needs a cluster: got none from --kubeconfig, $KUBECONFIG and %s, and this is no pod; want one of them, or --rules-file and --cert-dir without %[2]s",
		ErrOptions, flag, clientcmd.RecommendedHomeFile)
}

// podNamespaceFile is where a pod's namespace stands beside its token.
// Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#without-using-a-proxy
const podNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// ownNamespace is where holdfast runs: beside its rules, or where the pod says.
func (o *Options) ownNamespace() (string, error) {
	if o.configMap.Namespace != "" {
		return o.configMap.Namespace, nil
	}
	if namespace := podNamespace(); namespace != "" {
		return namespace, nil
	}
	return "", fmt.Errorf("%w: --manage-mesh needs a namespace for its Lease: got neither --rules-configmap nor $POD_NAMESPACE, and this is no pod; want one of them", ErrOptions)
}

// podNamespace is where this pod runs, "" if this is none.
func podNamespace() string {
	if namespace := os.Getenv("POD_NAMESPACE"); namespace != "" {
		return namespace
	}
	data, err := os.ReadFile(podNamespaceFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// serviceName is the Service that API servers call.
func (o *Options) serviceName() (types.NamespacedName, error) {
	if o.Service != "" {
		return parseName("--service", o.Service, "holdfast-system/holdfast")
	}
	namespace := podNamespace()
	if namespace == "" {
		return types.NamespacedName{}, errors.New("--self-signed needs to know the Service that API servers call: got neither --service nor $POD_NAMESPACE, and this is no pod; want --service NAMESPACE/NAME")
	}
	return types.NamespacedName{Namespace: namespace, Name: component}, nil
}

func fromLoadingRules(origin string) (*rest.Config, string, error) {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(), nil).ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("cannot use %s: %w", origin, err)
	}
	return config, origin, nil
}
