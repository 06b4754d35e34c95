package main

import (
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// clusterFlags choose cluster, user and namespace as kubectl does.
type clusterFlags struct {
	rules     *clientcmd.ClientConfigLoadingRules
	overrides clientcmd.ConfigOverrides
}

// addFlags adds kubectl's flags. Help shows those that are used every day.
func (c *clusterFlags) addFlags(flags *pflag.FlagSet) {
	c.rules = clientcmd.NewDefaultClientConfigLoadingRules()
	flags.StringVar(&c.rules.ExplicitPath, "kubeconfig", "", "kubeconfig file; empty: KUBECONFIG, then ~/.kube/config")
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	clientcmd.BindOverrideFlags(&c.overrides, all, clientcmd.RecommendedConfigOverrideFlags(""))
	all.VisitAll(func(f *pflag.Flag) {
		f.Hidden = f.Name != clientcmd.FlagNamespace && f.Name != clientcmd.FlagContext
		flags.AddFlag(f)
	})
}

// config is what the flags, the kubeconfig and the environment choose together.
func (c *clusterFlags) config() (config *rest.Config, namespace string, err error) {
	chosen := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(c.rules, &c.overrides)
	if config, err = chosen.ClientConfig(); err != nil {
		return nil, "", fmt.Errorf("no cluster to ask: %w", err)
	}
	namespace, _, err = chosen.Namespace()
	return config, namespace, err
}
