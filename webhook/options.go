package webhook

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
	"github.com/holdfast-mesh/holdfast/webhook/certificates"
)

// Options are the settings of a server. DefaultOptions fills in what the command
// line does when a flag is not given; a zero value means what the comment of its
// field says.
type Options struct {
	// RulesFile and RulesConfigMap ("namespace/name") say where the rules are.
	// Exactly one is given.
	RulesFile      string
	RulesConfigMap string

	// CertDir holds tls.crt and tls.key. It, or SelfSigned, is given.
	CertDir string
	// SelfSigned makes the certificate in this process, with the authority in the
	// Secret certificates.SecretName, and keeps that authority in the caBundle of
	// holdfast's webhook configurations. It needs a cluster.
	SelfSigned bool
	// Service ("namespace/name") is the Service by which API servers call, beside
	// the Secret; empty is that of the name holdfast in the pod's own namespace.
	Service string
	// CertificateTimes are the times of SelfSigned.
	CertificateTimes certificates.Times
	// ClientCAFile, if not empty, holds the CAs, as PEM, of the clients that may
	// ask: API servers present a certificate only if they are told to.
	ClientCAFile string
	// TLSMinVersion is "1.3", also when empty, or "1.2".
	TLSMinVersion string

	// Host and Port are where admission reviews are taken; an empty host is
	// every address, port 0 one that was free a moment ago.
	Host string
	Port int
	// MetricsBindAddress and HealthProbeBindAddress are host:port; "0" or
	// empty serves none.
	MetricsBindAddress     string
	HealthProbeBindAddress string

	// ClusterWide considers every namespace that is not opted out.
	ClusterWide bool
	// ReadConfigMaps finds addresses in the ConfigMaps that pods take variables and
	// files from: in namespaces that are opted in, or with ClusterWide in all that are
	// not opted out. It needs a cluster.
	ReadConfigMaps bool
	// IstioRevisions are those whose settings are read, "default" for an Istio
	// without one; empty reads all that there are.
	IstioRevisions []string
	// ManageMesh keeps the EnvoyFilters of keepalive and gateways as the rules
	// say. It needs a cluster.
	ManageMesh bool
	// Drain is how long requests are still taken after readiness has failed; 0
	// takes none.
	Drain time.Duration

	// Kubeconfig names a kubeconfig file; empty looks in $KUBECONFIG, then for
	// the pod's service account, then, if a ConfigMap holds the rules, in the
	// home directory.
	Kubeconfig string
	// NoCluster looks for no cluster at all.
	NoCluster bool
	// RESTConfig, if not nil, is the cluster.
	RESTConfig *rest.Config

	// Logger takes the log; the zero value discards it.
	Logger logr.Logger
	// Registry takes the metrics; nil is controller-runtime's.
	Registry ctrlmetrics.RegistererGatherer
	// OnListen, if not nil, is called once, as soon as the ports are known.
	OnListen func(Addresses)
	// Decide, if not nil, decides in place of (*decide.Set).Decide.
	Decide admission.Decide

	shutdownTimeout time.Duration // 0 is the constant of that name

	// Read from the above by complete.
	configMap  types.NamespacedName
	service    types.NamespacedName // if SelfSigned
	tlsVersion uint16
}

// ErrOptions is in the error of Run when its options are wrong, so that a
// command line can tell wrong usage from a failure.
var ErrOptions = errors.New("wrong options")

// Addresses are where a server really listens, as host:port; empty where not.
type Addresses struct{ Webhook, Metrics, Health string }

// DefaultOptions are the defaults of the command line.
func DefaultOptions() Options {
	return Options{
		TLSMinVersion:          "1.3",
		Port:                   9443,
		MetricsBindAddress:     ":8080",
		HealthProbeBindAddress: ":8081",
		// Endpoints follow a failing readiness within a few seconds.
		Drain:  5 * time.Second,
		Logger: logr.Discard(),
	}
}

// UseLogger sends the logs of controller-runtime, client-go and net/http to l
// as well. They are global to the process, so this is for main and not for Run.
func UseLogger(l logr.Logger) {
	ctrllog.SetLogger(l)
	klog.SetLogger(l)
	useHTTPLog(l)
}

// complete fills in what has only one sensible value, and tells everything
// that is wrong at once.
func (o *Options) complete() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	switch {
	case o.RulesFile == "" && o.RulesConfigMap == "":
		wrong("got neither --rules-file nor --rules-configmap, want one of them")
	case o.RulesFile != "" && o.RulesConfigMap != "":
		wrong("got --rules-file and --rules-configmap, want only one of them")
	case o.RulesConfigMap != "" && o.NoCluster:
		wrong("got --rules-configmap without a cluster, want --rules-file")
	case o.ManageMesh && o.NoCluster:
		wrong("got --manage-mesh without a cluster, want it without --manage-mesh; 'holdfast render' prints the objects")
	case o.ReadConfigMaps && o.NoCluster:
		wrong("got --read-configmaps without a cluster, want it without --read-configmaps")
	case o.RulesConfigMap != "":
		var err error
		if o.configMap, err = parseName("--rules-configmap", o.RulesConfigMap, "holdfast-system/holdfast-rules"); err != nil {
			problems = append(problems, err)
		}
	}
	switch {
	case o.CertDir == "" && !o.SelfSigned:
		wrong("got neither --self-signed nor --cert-dir, want one of them; the latter is a directory with %s and %s", certFile, keyFile)
	case o.CertDir != "" && o.SelfSigned:
		wrong("got --self-signed and --cert-dir, want only one of them")
	case o.SelfSigned && o.NoCluster:
		wrong("got --self-signed without a cluster, want --cert-dir")
	case o.Service != "" && !o.SelfSigned:
		wrong("got --service without --self-signed, want them together: a certificate from --cert-dir has its names already")
	case o.SelfSigned:
		var err error
		if o.service, err = o.serviceName(); err != nil {
			problems = append(problems, err)
		}
	}
	switch o.TLSMinVersion {
	case "", "1.3":
		o.tlsVersion = tls.VersionTLS13
	case "1.2":
		// API servers have spoken 1.3 since Kubernetes 1.19, so this is only for
		// proxies in between.
		o.tlsVersion = tls.VersionTLS12
	default:
		wrong("got TLS version %q, want 1.3 or 1.2", o.TLSMinVersion)
	}
	if o.Port < 0 || o.Port > 65535 {
		wrong("got --port %d, want 0-65535", o.Port)
	}
	if _, err := netip.ParseAddr(o.Host); err != nil && strings.ContainsAny(o.Host, "[]:/") {
		wrong("got --bind-address %q, want an IP address or a name, without brackets and port", o.Host)
	}
	if o.Drain < 0 {
		wrong("got --drain %s, want 0s or more", o.Drain)
	}
	if o.Registry == nil {
		o.Registry = ctrlmetrics.Registry
	}
	if o.Decide == nil {
		o.Decide = (*decide.Set).Decide
	}
	if o.shutdownTimeout == 0 {
		o.shutdownTimeout = shutdownTimeout
	}
	return errors.Join(problems...)
}
