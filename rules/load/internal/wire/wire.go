// Package wire mirrors a rules file exactly as it is written. Its types are
// never filled: the loader takes the known keys from them, and the JSON Schema
// is generated from them, their comments being the descriptions that editors
// show. So loader, schema and reference cannot drift apart.
package wire

// File is a holdfast rules file: which connections to protect, and how.
type File struct {
	// Version of this format.
	APIVersion APIVersion `json:"apiVersion"`
	// Kind of this file.
	Kind Kind `json:"kind"`
	// Mode of all rules that do not say otherwise. Enforce patches pods;
	// Observe decides, logs, counts and warns, but patches nothing.
	Mode Mode `json:"mode,omitempty" jsonschema:"default=Enforce"`
	// What Istio was installed with. In a cluster holdfast reads it from
	// Istio's own ConfigMap; without one, this counts.
	Mesh *Mesh `json:"mesh,omitempty"`
	// Rules, each mapping destinations to a strategy. Their order matters only
	// for reports, and where more destination patterns come together than one
	// pod can carry: later rules are left out first.
	Rules []Rule `json:"rules,omitempty"`
	// Pods that are proxies themselves: ingress and egress gateways, gateways of
	// Gateway API, and ambient waypoints.
	Gateways []Gateway `json:"gateways,omitempty"`
}

// Mesh is what Istio was installed with.
type Mesh struct {
	// Namespace where istiod and its configuration live.
	RootNamespace Label `json:"rootNamespace,omitempty" jsonschema:"default=istio-system"`
	// The installation's global.proxy.excludeOutboundPorts. A pod annotation
	// replaces this list, so holdfast carries it over.
	ExcludeOutboundPorts []MeshPort `json:"excludeOutboundPorts,omitempty"`
	// The installation's global.proxy.excludeIPRanges. A pod annotation
	// replaces this list, so holdfast carries it over.
	ExcludeOutboundIPRanges []MeshCIDR `json:"excludeOutboundIPRanges,omitempty"`
}

// Rule maps destinations to a strategy, for some workloads.
type Rule struct {
	// Name of the rule, unique in the file. It shows in logs, warnings and in
	// the annotation holdfast.dev/applied.
	Name Label `json:"name"`
	// For people. Say why the rule exists.
	Description string `json:"description,omitempty"`
	// Mode of this rule, instead of the file's.
	Mode Mode `json:"mode,omitempty"`
	// What the rule speaks of. At least one of the four lists has an entry.
	Destinations Destinations `json:"destinations"`
	// Which pods the rule is for. All given conditions must hold. Without any
	// it is for every pod that holdfast considers.
	Workloads *Workloads `json:"workloads,omitempty"`
	// What to do: any keys together, but bypass beside none of idleTimeout,
	// keepalive and drainDuration.
	Strategy Strategy `json:"strategy"`
	// Allows CIDRs wider than /8 (IPv4) or /16 (IPv6) in bypass: CIDRs.
	AllowBroad bool `json:"allowBroad,omitempty" jsonschema:"default=false"`
	// Allows bypass: Ports for the ports 53, 80, 443 and 15000-15090.
	AllowProtected bool `json:"allowProtected,omitempty" jsonschema:"default=false"`
	// Warnings of this rule that are meant, by code: they are not reported.
	Allow []RuleWarning `json:"allow,omitempty"`
}

// Destinations are what a rule speaks of. Ports AND addresses: a connection
// counts when its port is listed (if any is) and its address is in a CIDR or
// its name matches a host (if there is any).
type Destinations struct {
	// Well-known servers, by name: each stands for its usual ports.
	// "holdfast middleware" lists them.
	Middleware []MiddlewareName `json:"middleware,omitempty"`
	// Ports, 1-65535, or ranges "from-to" in quotes.
	Ports []Port `json:"ports,omitempty"`
	// IPv4 and IPv6 networks.
	CIDRs []CIDR `json:"cidrs,omitempty"`
	// DNS names. "*.example.com" stands for one or more labels, "redis-*.prod"
	// for any rest of one label. They choose pods through "referencing"; they
	// do not narrow what happens to connections.
	Hosts []Host `json:"hosts,omitempty"`
}

// Workloads choose pods. All given conditions must hold.
type Workloads struct {
	// Names or globs of namespaces: one of them must match.
	Namespaces []NamespaceGlob `json:"namespaces,omitempty"`
	// Labels of the namespace. Where labels cannot be had (a manifest, no
	// cluster), the rule does not match.
	NamespaceSelector *Selector `json:"namespaceSelector,omitempty"`
	// Labels of the pod.
	PodSelector *Selector `json:"podSelector,omitempty"`
	// Only pods that visibly use a destination: in env values, command, args,
	// or the annotation holdfast.dev/middleware.
	Referencing bool `json:"referencing,omitempty" jsonschema:"default=false"`
}

// Selector is a Kubernetes label selector. All conditions must hold; an empty
// one selects everything.
type Selector struct {
	// Labels that must have exactly these values.
	MatchLabels map[string]LabelValue `json:"matchLabels,omitempty"`
	// Conditions on labels.
	MatchExpressions []Requirement `json:"matchExpressions,omitempty"`
}

// Requirement is one condition on a label.
type Requirement struct {
	// The label's key.
	Key LabelKey `json:"key"`
	// How the label's value relates to values.
	Operator Operator `json:"operator"`
	// For In and NotIn: at least one. For Exists and DoesNotExist: none.
	Values []LabelValue `json:"values,omitempty"`
}

// Strategy is what a rule does.
type Strategy struct {
	// How long a connection may carry no byte before the sidecar closes it.
	// Istio's default is 1h. 0s means never, which leaks connections whose end
	// got lost; from 1s.
	IdleTimeout Duration `json:"idleTimeout,omitempty"`
	// What idleTimeout reaches. Sidecar: every TCP and HTTP listener of the
	// pod's sidecar. Destinations: only outbound TCP connections to the rule's
	// ports and CIDRs (Istio 1.28 or newer, and the mesh object
	// holdfast-destinations-v1).
	Scope Scope `json:"scope,omitempty" jsonschema:"default=Sidecar"`
	// TCP keepalive on every upstream connection of the sidecar. It answers
	// middleboxes that forget idle flows, and dead peers; never the idle timer.
	Keepalive *Keepalive `json:"keepalive,omitempty"`
	// How long open connections outlive a change of the mesh's configuration.
	// Istio's default is 45s. Whole seconds, from 1s.
	DrainDuration WholeSeconds `json:"drainDuration,omitempty"`
	// By how many percent, at most, the drainDuration of each pod is longer or
	// shorter, so that one change does not end the connections of all pods in one
	// second. 0 to 50, only with drainDuration.
	DrainJitter Percent `json:"drainJitter,omitempty" jsonschema:"default=0"`
	// The application starts when its sidecar carries connections, so the pod
	// starts later. Native sidecars have it anyway.
	SidecarStartsFirst bool `json:"sidecarStartsFirst,omitempty" jsonschema:"default=false"`
	// The sidecar ends when the application's connections have ended, instead of
	// 5 s after the pod is told to stop. The pod may end as late as its
	// terminationGracePeriodSeconds. Native sidecars have it anyway.
	SidecarStopsLast bool `json:"sidecarStopsLast,omitempty" jsonschema:"default=false"`
	// Takes connections past the sidecar: no mTLS, no telemetry, no cuts.
	// Ports: anything on the rule's ports. CIDRs: anything to the rule's CIDRs.
	Bypass Bypass `json:"bypass,omitempty"`
}

// Keepalive is one setting of TCP keepalive. All three are required: what is
// left to the kernel differs from node to node.
type Keepalive struct {
	// Idle time before the first probe: below the lowest limit of any hop on
	// the way. Whole seconds, 1s to 32767s.
	Time KeepaliveSeconds `json:"time"`
	// Time between probes. Whole seconds, 1s to 32767s.
	Interval KeepaliveSeconds `json:"interval"`
	// Unanswered probes before the connection is given up, 1 to 127.
	Probes Probes `json:"probes"`
}

// Gateway is for the pods of a gateway or waypoint: TCP keepalive towards its
// clients, and what becomes of the connections through it.
type Gateway struct {
	// Name, unique in the file. The EnvoyFilter is holdfast-gateway-NAME.
	Name Label `json:"name"`
	// Namespace of the gateway's pods.
	Namespace Label `json:"namespace"`
	// Labels of the gateway's pods; at least one.
	Selector map[string]LabelValue `json:"selector"`
	// Ports that the gateway's pods listen on (not those of its Service), for
	// keepalive; required with it.
	Ports []GatewayPort `json:"ports,omitempty"`
	// Keepalive on accepted connections.
	Keepalive *Keepalive `json:"keepalive,omitempty"`
	// How long a connection through the gateway may carry no byte before the
	// gateway closes it, TCP and HTTP. Istio's default is 1h. 0s means never; from
	// 1s.
	IdleTimeout Duration `json:"idleTimeout,omitempty"`
	// How long open connections outlive a change of the mesh's configuration.
	// Istio's default is 45s. Whole seconds, from 1s.
	DrainDuration WholeSeconds `json:"drainDuration,omitempty"`
	// By how many percent, at most, the drainDuration of each pod is longer or
	// shorter. 0 to 50, only with drainDuration.
	DrainJitter Percent `json:"drainJitter,omitempty" jsonschema:"default=0"`
	// The gateway ends when its connections have ended, at the latest after its
	// pods' terminationGracePeriodSeconds.
	StopsLast bool `json:"stopsLast,omitempty" jsonschema:"default=false"`
	// Warnings of this gateway that are meant, by code: they are not reported.
	Allow []GatewayWarning `json:"allow,omitempty"`
}
