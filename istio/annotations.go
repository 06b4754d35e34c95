package istio

// Annotations and labels of Istio that holdfast reads or writes.
// Source: https://istio.io/latest/docs/reference/config/annotations/
const (
	// ProxyConfigAnnotation holds a ProxyConfig as YAML or JSON text.
	ProxyConfigAnnotation = "proxy.istio.io/config"
	// ExcludeOutboundPortsAnnotation is a comma list of ports that bypass the
	// sidecar. It replaces the installation's own list.
	ExcludeOutboundPortsAnnotation = "traffic.sidecar.istio.io/excludeOutboundPorts"
	// ExcludeOutboundIPRangesAnnotation is a comma list of CIDRs that bypass
	// the sidecar. It replaces the installation's own list.
	ExcludeOutboundIPRangesAnnotation = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
	// InjectKey is a label, and in its older form an annotation, on a pod.
	InjectKey = "sidecar.istio.io/inject"
	// StatusAnnotation marks a pod that the injector has already changed.
	StatusAnnotation = "sidecar.istio.io/status"
	// TemplatesAnnotation names injection templates other than the sidecar.
	TemplatesAnnotation = "inject.istio.io/templates"
	// NativeSidecarAnnotation is "true" where Istio is to make the sidecar an init
	// container that starts before the application and ends after it. Without it
	// Istio decides by its own settings and by the version of the nodes.
	NativeSidecarAnnotation = "sidecar.istio.io/nativeSidecar"
	// RevisionLabel selects a control plane, on a namespace or a pod.
	RevisionLabel = "istio.io/rev"
	// InjectionLabel is "enabled" or "disabled" on a namespace.
	InjectionLabel = "istio-injection"
	// DataplaneModeLabel is "ambient" or "none", on a namespace or a pod.
	DataplaneModeLabel = "istio.io/dataplane-mode"
	// ambientRedirectionAnnotation marks a pod that ambient already captures.
	ambientRedirectionAnnotation = "ambient.istio.io/redirection"
)

// ProxyContainer is the container that runs the proxy, in sidecars and in gateways.
const ProxyContainer = "istio-proxy"

// IsOwnContainer reports whether Istio's injector makes the container of this
// name. A pod's author may give it one to start from: then the injector keeps that in
// the annotation proxy.istio.io/overrides too.
// Source: reapplyOverwrittenContainers in
// https://github.com/istio/istio/blob/eed52ebb66ad/pkg/kube/inject/webhook.go
func IsOwnContainer(name string) bool {
	switch name {
	case ProxyContainer, "istio-init", "istio-validation":
		return true
	}
	return false
}

// Keys of proxyMetadata. A key ISTIO_META_X becomes node metadata X of the
// proxy.
const (
	// IdleTimeoutMetadata is the idle timeout of every TCP and HTTP listener
	// of one proxy, in time.ParseDuration's grammar.
	IdleTimeoutMetadata = "ISTIO_META_IDLE_TIMEOUT"
	// ExitOnZeroMetadata is "true" where a proxy that is told to stop waits until its
	// last connection is closed, in strconv.ParseBool's grammar. It is no node
	// metadata but a variable of pilot-agent, which the injector makes of it.
	// Source: https://github.com/istio/istio/blob/eed52ebb66ad/pilot/cmd/pilot-agent/options/options.go
	ExitOnZeroMetadata = "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"
	// HoldfastMetadataPrefix starts every key that belongs to holdfast.
	HoldfastMetadataPrefix = "ISTIO_META_HOLDFAST"
	// HoldfastMetadata carries the version of the mesh object that reads the
	// destination patterns.
	HoldfastMetadata = HoldfastMetadataPrefix
	// DestinationsMetadataPrefix, followed by 1 to MaxDestinationKeys, carries
	// one RE2 pattern each.
	DestinationsMetadataPrefix = HoldfastMetadataPrefix + "_DESTINATIONS_"
	// DestinationsIdleTimeoutMetadata is the idle timeout, in milliseconds, of
	// connections that a pattern matches.
	DestinationsIdleTimeoutMetadata = HoldfastMetadataPrefix + "_IDLE_TIMEOUT_MS"
	// KeepaliveMetadata is a Keepalive in its text form.
	KeepaliveMetadata = HoldfastMetadataPrefix + "_KEEPALIVE"
)

const (
	// HoldfastVersion is the value of HoldfastMetadata: the name of the mesh
	// object (holdfast-destinations-v1) that knows these patterns.
	HoldfastVersion = "v1"
	// MaxDestinationKeys is how many patterns the mesh object looks at.
	MaxDestinationKeys = 8
	// NoTimeoutMilliseconds stands for "no idle timeout" of one connection:
	// ten years, because Envoy closes a connection whose own value is 0.
	NoTimeoutMilliseconds = "315360000000"
	// DefaultRootNamespace is where Istio keeps its own configuration.
	DefaultRootNamespace = "istio-system"
	// DefaultRevision is the revision of an Istio installed without a name.
	DefaultRevision = "default"
)
