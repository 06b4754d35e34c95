package doctor

// Code names what was found. The texts are stable.
type Code string

// The codes. What each means is in the table below.
const (
	MutatingMissing      Code = "MutatingConfigurationMissing"
	MutatingTwice        Code = "SeveralMutatingConfigurations"
	ValidatingMissing    Code = "ValidatingConfigurationMissing"
	FailurePolicyChanged Code = "FailurePolicyChanged"
	TimeoutLong          Code = "TimeoutLong"
	PodsNotSent          Code = "PodsNotSent"
	OptInMismatch        Code = "OptInMismatch"
	ServiceMissing       Code = "ServiceMissing"

	OrderWrong Code = "OrderWrong"
	NoInjector Code = "NoInjector"

	DeploymentMissing Code = "DeploymentMissing"
	NoReplica         Code = "NoReplica"
	ReplicaNotReady   Code = "ReplicaNotReady"

	NoCertificateServed    Code = "NoCertificateServed"
	CertificateExpired     Code = "CertificateExpired"
	CertificateNotYetValid Code = "CertificateNotYetValid"
	CertificateEndsSoon    Code = "CertificateEndsSoon"
	CertificateWrongName   Code = "CertificateWrongName"
	CertificateWrongUsage  Code = "CertificateWrongUsage"
	CAExpired              Code = "CAExpired"
	CABundleMissing        Code = "CABundleMissing"
	CABundleMismatch       Code = "CABundleMismatch"
	SecretMissing          Code = "SecretMissing"
	SecretDiffers          Code = "SecretDiffers"

	CertificateNotReady Code = "CertificateNotReady"
	IssuerNotReady      Code = "IssuerNotReady"
	IssuerMissing       Code = "IssuerMissing"

	RulesMissing  Code = "RulesMissing"
	RulesInvalid  Code = "RulesInvalid"
	RulesDiffer   Code = "RulesDiffer"
	RulesNotThere Code = "NoRulesLoaded"

	NotReached          Code = "NotReached"
	AnnotationsRefused  Code = "AnnotationsRefused"
	OptInWithoutEffect  Code = "OptInWithoutEffect"
	OptInUnknown        Code = "OptInUnknown"
	NoInjection         Code = "NoInjection"
	RevisionUnknown     Code = "RevisionUnknown"
	MeshObjectMissing   Code = "MeshObjectMissing"
	MeshObjectChanged   Code = "MeshObjectChanged"
	DefinitionsMissing  Code = "IstioDefinitionsMissing"
	IdleTimeoutOverride Code = "IdleTimeoutOverridden"
	ConnectionLimited   Code = "ConnectionDurationLimited"
	MetadataOverride    Code = "MetadataOverridden"
	PortCaptured        Code = "PortCaptured"
	GatewayNotFound     Code = "GatewayNotFound"
	GatewayNotOptedIn   Code = "GatewayNotOptedIn"

	PassthroughIgnored  Code = "PassthroughIgnored"
	PassthroughLeaks    Code = "PassthroughLeaks"
	DestinationsIgnored Code = "DestinationsIgnored"
	KeepaliveIgnored    Code = "AmbientKeepaliveIgnored"
	ExitOnZeroIgnored   Code = "ExitOnZeroIgnored"
)

// About is what a code means.
type About struct {
	Code     Code
	Check    Name
	Severity Severity
	Meaning  string // a sentence
	Why      string // it matters: a sentence
}

// Codes returns all of them, in the order of the checks.
func Codes() []About { return codes }

// about is never asked for a code that the table lacks: a test holds that.
func (c Code) about() About {
	for _, a := range codes {
		if a.Code == c {
			return a
		}
	}
	return About{Code: c, Severity: Problem}
}

const unprotected = "Pods are created as they are, and keep their short timeouts for life."

var codes = []About{
	{MutatingMissing, Webhooks, Problem, "No MutatingWebhookConfiguration has the webhook pods.holdfast.dev.", "Nobody asks holdfast about pods. " + unprotected},
	{MutatingTwice, Webhooks, Warning, "More than one MutatingWebhookConfiguration has the webhook pods.holdfast.dev.", "Each is called for every pod, and one that was left behind may lead to a server that is gone."},
	{ValidatingMissing, Webhooks, Warning, "No ValidatingWebhookConfiguration has the webhook rules.holdfast.dev.", "A bad edit of the rules is taken, and shows only when it is not put in force."},
	{FailurePolicyChanged, Webhooks, Problem, "A webhook's failurePolicy is not Ignore.", "While holdfast is away, nobody can create these pods, or repair the rules."},
	{TimeoutLong, Webhooks, Warning, "A webhook's timeoutSeconds is over 5.", "Creating a pod can take that much longer while holdfast cannot be reached."},
	{PodsNotSent, Webhooks, Problem, "The webhook's rules leave out the creation of pods.", "Nobody asks holdfast about pods. " + unprotected},
	{OptInMismatch, Webhooks, Problem, "The flag --cluster-wide and the webhook's namespaceSelector contradict each other.", "Without the label on their namespace pods are not sent, or are sent and left alone."},
	{ServiceMissing, Webhooks, Problem, "The Service that a webhook configuration names is not there.", "The API server cannot reach holdfast. " + unprotected},

	{OrderWrong, Order, Problem, "Istio's injector is called before holdfast, by the names of the configurations.", "The injector builds the sidecar from annotations that are not there yet."},
	{NoInjector, Order, Warning, "No webhook configuration of an Istio injector was found.", "Without a sidecar the annotations have no effect; in ambient mode holdfast reaches gateways and waypoints only."},

	{DeploymentMissing, Replicas, Problem, "The Deployment holdfast is not there.", "Nobody answers the API server. " + unprotected},
	{NoReplica, Replicas, Problem, "The Deployment has no pod.", "Nobody answers the API server. " + unprotected},
	{ReplicaNotReady, Replicas, Problem, "A replica is not ready.", "It gets no requests; when none is left, pods are created without holdfast."},

	{NoCertificateServed, Certificates, Problem, "A replica ends the TLS handshake without a certificate.", "The API server cannot ask it."},
	{CertificateExpired, Certificates, Problem, "The certificate that a replica serves has ended.", "The API server refuses the connection. " + unprotected},
	{CertificateNotYetValid, Certificates, Problem, "The certificate that a replica serves is not valid yet.", "The API server refuses the connection. " + unprotected},
	{CertificateEndsSoon, Certificates, Warning, "Less than a tenth of the certificate's life is left.", "It should have been renewed by now; when it ends, the API server refuses the connection."},
	{CertificateWrongName, Certificates, Problem, "The certificate is not for the name that the API server asks for.", "The API server refuses the connection. " + unprotected},
	{CertificateWrongUsage, Certificates, Problem, "The certificate is not for servers (usage: server auth).", "The API server refuses the connection. " + unprotected},
	{CAExpired, Certificates, Problem, "A CA between the served certificate and the caBundle is not valid now.", "The API server refuses the connection. " + unprotected},
	{CABundleMissing, Certificates, Problem, "A webhook configuration has no usable caBundle.", "The API server trusts the CAs of its own machine only, and refuses the connection. " + unprotected},
	{CABundleMismatch, Certificates, Problem, "What a replica serves is not signed by the caBundle of a webhook configuration.", "The API server refuses the connection. " + unprotected},
	{SecretMissing, Certificates, Problem, "The Secret with the certificate is not there.", "A replica that starts now waits for it and does not become ready."},
	{SecretDiffers, Certificates, Warning, "A replica serves another certificate than the one in the Secret.", "It missed a renewal, and goes on until its own certificate ends."},

	{CertificateNotReady, CertManager, Problem, "The Certificate of cert-manager is not ready: it was not issued, or not renewed.", "The certificate ends without a new one."},
	{IssuerNotReady, CertManager, Problem, "The issuer that cert-manager is to take is not ready.", "The certificate ends without a new one."},
	{IssuerMissing, CertManager, Problem, "The issuer that the certificate names is not there.", "The certificate ends without a new one."},

	{RulesMissing, Rules, Problem, "The ConfigMap with the rules is not there, or has no rules.yaml.", "A replica that starts now has no rules and does not become ready."},
	{RulesInvalid, Rules, Problem, "The rules in the ConfigMap have errors.", "They are not put in force: replicas keep the last good rules, and one that starts now has none."},
	{RulesDiffer, Rules, Problem, "A replica has other rules in force than those in the ConfigMap.", "What a pod gets depends on the replica that is asked."},
	{RulesNotThere, Rules, Problem, "A replica has no rules in force.", "It leaves every pod as it is."},

	{NotReached, Reachability, Problem, "A dry-run pod was created without an answer of holdfast.", "The API server cannot reach holdfast, or does not ask it. " + unprotected},
	{AnnotationsRefused, Policies, Problem, "A policy refuses pods that carry what holdfast writes.", "Pods that rules match cannot be created in this namespace."},
	{OptInWithoutEffect, Namespaces, Warning, "A namespace is opted in, and the webhook's namespaceSelector leaves it out.", "Its pods are never sent to holdfast."},
	{OptInUnknown, Namespaces, Warning, "The label holdfast.dev/enabled of a namespace is neither true nor false.", "It counts as no label."},
	{NoInjection, Namespaces, Warning, "A namespace is opted in, and no injector takes its pods.", "Without a sidecar the annotations have no effect, so holdfast leaves these pods alone."},
	{RevisionUnknown, Namespaces, Problem, "A namespace is opted in and names a revision of Istio that no injector has.", "Its pods get no sidecar."},

	{PassthroughIgnored, Istio, Problem, "Istio before 1.14.0.", "The sidecar's idle timeout does not reach destinations that the mesh does not know."},
	{PassthroughLeaks, Istio, Problem, "Istio 1.14.0 to 1.14.4, or 1.15.0 and 1.15.1.", "Without a timeout of their own, connections to destinations that the mesh does not know are never ended, and leak."},
	{DestinationsIgnored, Istio, Problem, "Istio before 1.28, and rules with scope: Destinations.", "Its Envoy cannot do it: the connections of these rules have the sidecar's own timeout."},
	{KeepaliveIgnored, Istio, Problem, "ztunnel before 1.27.5, or 1.28.0 and 1.28.1.", "The keepalive of ambient pods is set and never applied."},
	{ExitOnZeroIgnored, Istio, Warning, "Istio before 1.30.3, and a waypoint that is to end with its last connection.", "It waits for its whole grace period instead."},

	{MeshObjectMissing, MeshObjects, Problem, "An EnvoyFilter that the rules need is not there.", "The annotations are written, and the strategy is not in force."},
	{MeshObjectChanged, MeshObjects, Problem, "An EnvoyFilter that the rules need says something else.", "The strategy is in force otherwise than the rules say, or not at all."},
	{DefinitionsMissing, MeshObjects, Problem, "The cluster knows no EnvoyFilters, and the rules need some.", "The annotations are written, and the strategy is not in force."},

	{IdleTimeoutOverride, Overrides, Problem, "A DestinationRule or EnvoyFilter sets a shorter idle timeout for what a rule speaks of.", "It wins over the annotation, and connections are cut earlier."},
	{ConnectionLimited, Overrides, Problem, "A DestinationRule limits how long connections live that a rule speaks of.", "They are ended then, idle or not, whatever the strategy."},
	{MetadataOverride, Overrides, Problem, "A ProxyConfig with a selector sets metadata that holdfast writes.", "It wins over the annotations of the pods that it selects."},
	{PortCaptured, Overrides, Warning, "A ServiceEntry without addresses takes a whole TCP port that a rule speaks of.", "Sidecars send every connection on that port to its one host, wherever it was meant to go."},

	{GatewayNotFound, Gateways, Warning, "The selector of a gateways entry finds no pod.", "The entry has no effect."},
	{GatewayNotOptedIn, Gateways, Problem, "A gateways entry has more than keepalive, and its namespace is not opted in.", "The gateway's pods are created without what the entry says; keepalive needs no opt-in."},
}
