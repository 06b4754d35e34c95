package doctor

import (
	"crypto/x509"
	"slices"
	"time"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	networkingbeta "istio.io/client-go/pkg/apis/networking/v1beta1"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// Seen is something that the cluster was asked for.
type Seen[T any] struct {
	Value T
	// Unseen says why there is no Value, and what it takes; empty if there is one.
	// That something does not exist is no reason: then the Value is zero.
	Unseen string
}

// Snapshot is a cluster as far as it was to be seen. Parts that no check asked for
// are zero.
type Snapshot struct {
	Now       time.Time
	Namespace string // of holdfast

	Mutating   Seen[[]admissionregistration.MutatingWebhookConfiguration] // all of them
	Validating Seen[[]admissionregistration.ValidatingWebhookConfiguration]
	Services   Seen[map[string]bool] // that holdfast's configurations name ("namespace/name"): is it there?
	Namespaces Seen[[]Namespace]     // all, by name

	Deployment Seen[*appsv1.Deployment] // nil: not there
	Replicas   Seen[[]Replica]
	Secret     Seen[*Secret]   // nil: not there
	Rules      Seen[*RulesMap] // nil: not there

	Certificates Seen[[]certmanager.Certificate] // of holdfast's namespace
	Issuers      Seen[[]Issuer]

	Probes      []Probe
	ProbeLimit  string // says which namespaces were left out, and why
	HasSidecars map[string]Seen[bool]

	ControlPlanes Seen[[]Workload] // istiod and ztunnel
	Waypoints     Seen[[]metav1.PartialObjectMetadata]

	EnvoyFilters     Seen[*EnvoyFilters]
	DestinationRules Seen[[]*networking.DestinationRule]
	ServiceEntries   Seen[[]*networking.ServiceEntry]
	ProxyConfigs     Seen[[]*networkingbeta.ProxyConfig]
	Ports            Seen[map[string][]int32] // of Services that DestinationRules name ("namespace/name")

	GatewayPods map[string]Seen[bool] // by name of the entry: is there one?
}

// Namespace is what counts of a namespace.
type Namespace struct {
	Name   string
	Labels map[string]string
}

// Replica is a pod of holdfast.
type Replica struct {
	Name  string
	Ready bool
	State string // why it does not run; empty if it does
	// Readyz is the text of /readyz.
	Readyz Seen[string]
	// Hash is of the rules in force, empty without rules.
	Hash Seen[string]
	// Chain is what it serves on its webhook port, the leaf first.
	Chain Seen[[]*x509.Certificate]
}

// Secret is a Secret without what is secret in it.
type Secret struct {
	Name         string
	Certificates []*x509.Certificate // of tls.crt in a Secret of type TLS; else all
}

// RulesMap is the ConfigMap with the rules.
type RulesMap struct {
	Source   string // "ConfigMap holdfast-system/holdfast-rules"
	File     *rules.File
	Hash     string
	Problems load.Problems
	Missing  string // why there are none, "it has no key rules.yaml"
}

// ReadRules reads the rules in a text.
func ReadRules(source, text string) *RulesMap {
	r := &RulesMap{Source: source}
	file, problems := load.Rules(load.RulesKey, []byte(text))
	if r.Problems = problems; !problems.HasErrors() {
		r.File, r.Hash = file, decide.Compile(file).Hash()
	}
	return r
}

// Issuer is an Issuer or ClusterIssuer of cert-manager.
type Issuer struct {
	Kind, Name string
	Secret     string // of its CA, if it has one
	Status     certmanager.IssuerStatus
}

// Probe is what became of dry-run pods in one namespace.
type Probe struct {
	Namespace string
	// Answered says whether holdfast answered; Answer is its reason.
	Answered bool
	Answer   rules.Reason
	// Unseen says why nothing was to be seen of it.
	Unseen string

	// Refused says who refuses which annotations of holdfast.
	Refused map[string]string
	// PolicyUnseen says why that was not to be seen.
	PolicyUnseen string
}

// Workload is a part of Istio's control plane or of its data plane.
type Workload struct {
	Kind, Namespace, Name string
	Image                 string
	Labels                map[string]string
}

// EnvoyFilters are those of the mesh. Nil: the cluster does not know the kind.
type EnvoyFilters struct{ Items []*networking.EnvoyFilter }

// PodsWebhook and RulesWebhook are the names of holdfast's webhooks. A tool may
// rename the configurations that they are in, but not them.
const (
	PodsWebhook  = "pods.holdfast.dev"
	RulesWebhook = "rules.holdfast.dev"
)

// Mutator is one mutating webhook with the name of its configuration, and where it
// stands in it.
type Mutator struct {
	Configuration string
	Index         int
	Annotations   map[string]string
	*admissionregistration.MutatingWebhook
}

// Own returns holdfast's webhook, once for each configuration that has it.
func (s *Snapshot) Own() (own []Mutator) {
	return s.mutators(func(m *admissionregistration.MutatingWebhook) bool { return m.Name == PodsWebhook })
}

// Injectors returns the webhooks of all Istio injectors.
func (s *Snapshot) Injectors() []Mutator {
	return s.mutators(func(m *admissionregistration.MutatingWebhook) bool { return isInjector(m.Name) })
}

func (s *Snapshot) mutators(wanted func(*admissionregistration.MutatingWebhook) bool) (found []Mutator) {
	for i := range s.Mutating.Value {
		configuration := &s.Mutating.Value[i]
		for j := range configuration.Webhooks {
			if webhook := &configuration.Webhooks[j]; wanted(webhook) {
				found = append(found, Mutator{configuration.Name, j, configuration.Annotations, webhook})
			}
		}
	}
	return found
}

// OptedIn returns the namespaces whose pods holdfast is to consider, whether their
// pods are sent or not.
func (s *Snapshot) OptedIn() (names []Namespace) {
	for _, n := range s.Namespaces.Value {
		if n.Labels[rules.EnabledKey] == "true" || s.ClusterWide() && n.Labels[rules.EnabledKey] != "false" && !s.LeftOut(n.Name) {
			names = append(names, n)
		}
	}
	return names
}

// LeftOut reports whether a namespace is of those that keep the cluster and holdfast
// alive: an installation never sends their pods.
func (s *Snapshot) LeftOut(namespace string) bool {
	return slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease", s.Namespace}, namespace)
}
