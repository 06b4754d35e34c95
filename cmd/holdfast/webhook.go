package main

import (
	"errors"
	goflag "flag"
	"fmt"

	"github.com/spf13/cobra"
	"go.uber.org/zap/zapcore"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/holdfast-mesh/holdfast/webhook"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

func newWebhook() *cobra.Command {
	options := webhook.DefaultOptions()
	// A stack says nothing about a file that is missing; panics bring their own.
	logging := zap.Options{StacktraceLevel: zapcore.DPanicLevel}
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Serve the admission webhook",
		Long: `Serve the mutating webhook for pods on /mutate-pods and the validating webhook for
rules on /validate-rules, with /healthz, /readyz and /metrics on ports of their own.

Without a cluster (no --kubeconfig, no $KUBECONFIG, not in a pod) it serves from
--rules-file and --cert-dir alone: the labels of namespaces are then unknown, and every
namespace counts as opted in.

With --self-signed no certificate is mounted. The replicas agree on a certificate
authority in the Secret holdfast-ca, which is installed empty; each makes a serving
certificate in memory, and all keep the authority in the caBundle of the webhook
configurations holdfast. Both are rotated without a call that fails.

With --manage-mesh one of the replicas, the holder of the Lease holdfast-mesh, creates the
EnvoyFilters that the rules need for keepalive and gateways, mends them, and deletes them
when no rule needs them and no running pod carries their value. Those of others, which
lack the label app.kubernetes.io/managed-by=holdfast, it leaves alone; so 'holdfast render'
and this flag go together. The object for "scope: Destinations" is never its business.`,
		Example: `  holdfast webhook --rules-configmap holdfast-system/holdfast-rules --self-signed
  holdfast webhook --rules-configmap holdfast-system/holdfast-rules --cert-dir /etc/holdfast/tls
  holdfast webhook --rules-file rules.yaml --cert-dir certs`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, flush := newLog(cmd.Context(), &logging, cmd.ErrOrStderr())
			defer flush() // also by a panic
			options.Logger = log
			webhook.UseLogger(options.Logger)
			err := webhook.Run(cmd.Context(), options)
			switch {
			case errors.Is(err, webhook.ErrOptions):
				return usageError(cmd, "%w", err)
			case err != nil:
				return fmt.Errorf("webhook: %w", err)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.RulesFile, "rules-file", "", "rules file; its folder is watched, so a mounted ConfigMap counts")
	flags.StringVar(&options.RulesConfigMap, "rules-configmap", "", "namespace/name of the ConfigMap whose key "+admission.RulesKey+" holds the rules; watched")
	flags.StringVar(&options.CertDir, "cert-dir", "", "folder with tls.crt and tls.key; watched; this or --self-signed is required")
	flags.BoolVar(&options.SelfSigned, "self-signed", false, "make the certificate here, see docs/certificates.md; needs a cluster and the Secret holdfast-ca")
	flags.StringVar(&options.Service, "service", "", "namespace/name of the Service that API servers call, for --self-signed; empty: holdfast in the pod's own namespace")
	flags.StringVar(&options.ClientCAFile, "client-ca-file", "", "CAs (PEM) of the clients that may ask, see docs/client-certificates.md; watched; empty: no client certificate is asked for")
	flags.StringVar(&options.TLSMinVersion, "tls-min-version", options.TLSMinVersion, "lowest TLS version: 1.3 or 1.2")
	flags.StringVar(&options.Host, "bind-address", "", "address that takes admission reviews; empty: every address")
	flags.IntVar(&options.Port, "port", options.Port, "port that takes admission reviews; 0: one that is free")
	flags.StringVar(&options.MetricsBindAddress, "metrics-bind-address", options.MetricsBindAddress, "host:port of /metrics; 0: none")
	flags.StringVar(&options.HealthProbeBindAddress, "health-probe-bind-address", options.HealthProbeBindAddress, "host:port of /healthz and /readyz; 0: none")
	flags.BoolVar(&options.ClusterWide, "cluster-wide", false, "consider every namespace that is not labelled holdfast.dev/enabled=false")
	flags.BoolVar(&options.ReadConfigMaps, "read-configmaps", false, "find addresses in the ConfigMaps that pods take variables and files from, in namespaces that are considered; needs a cluster and the right that the chart gives with readConfigMaps")
	flags.StringSliceVar(&options.IstioRevisions, "istio-revisions", nil, "revisions of Istio whose settings are read, \"default\" for an Istio without one; empty: all, which needs the right to read every ConfigMap of Istio's root namespace")
	flags.BoolVar(&options.ManageMesh, "manage-mesh", false, "keep the EnvoyFilters of keepalive and gateways as the rules say; needs a cluster and the rights that the chart gives with manageMesh")
	flags.DurationVar(&options.Drain, "drain", options.Drain, "how long to serve on after SIGTERM, with readiness failing")
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "kubeconfig of the cluster; empty: $KUBECONFIG, then the pod's service account")
	zapFlags := goflag.NewFlagSet("zap", goflag.ContinueOnError)
	logging.BindFlags(zapFlags)
	flags.AddGoFlagSet(zapFlags)
	return cmd
}
