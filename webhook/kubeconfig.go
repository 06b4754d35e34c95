package webhook

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
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
