package wire

// Kinds of values. The generator of the schema gives each its type, pattern
// and examples; in the file all are text unless the name says a number.
type (
	// APIVersion is holdfast.dev/v1alpha1.
	APIVersion string
	// Kind is Rules.
	Kind string
	// Mode is Enforce or Observe.
	Mode string
	// Scope is Sidecar or Destinations.
	Scope string
	// Bypass is Ports or CIDRs.
	Bypass string
	// Operator is In, NotIn, Exists or DoesNotExist.
	Operator string
	// Label is a DNS-1123 label.
	Label string
	// MiddlewareName is a name of the table of middleware.
	MiddlewareName string
	// CIDR is a network in prefix form, never that of all addresses.
	CIDR string
	// MeshCIDR is a network in prefix form.
	MeshCIDR string
	// Host is a DNS name or a glob of names.
	Host string
	// NamespaceGlob is a name or glob of namespaces.
	NamespaceGlob string
	// LabelKey is the key of a Kubernetes label.
	LabelKey string
	// LabelValue is the value of a Kubernetes label.
	LabelValue string
	// Duration is a Go duration; days are allowed.
	Duration string
	// WholeSeconds is a Duration of whole seconds, from 1s.
	WholeSeconds string
	// KeepaliveSeconds is a Duration of whole seconds, 1s to 32767s.
	KeepaliveSeconds string
	// Port is a number, or a range as text.
	Port any
	// MeshPort is a number from 0.
	MeshPort int
	// GatewayPort is a number from 1.
	GatewayPort int
	// Probes is a number from 1 to 127.
	Probes int
	// Percent is a number from 0 to 50.
	Percent int
	// RuleWarning is the code of a warning that a rule can get.
	RuleWarning string
	// GatewayWarning is the code of a warning that a gateway can get.
	GatewayWarning string
)
