package rules

// Codes of errors: the file is not used.
const (
	BadSyntax       = "BadSyntax"       // not YAML (or JSON)
	NotUTF8         = "NotUTF8"         // bytes that are no UTF-8 text, or control characters
	FileTooLarge    = "FileTooLarge"    // over MaxFileSize
	TooManyAliases  = "TooManyAliases"  // aliases that unfold to more than MaxValues values
	TooManyProblems = "TooManyProblems" // the rest is not listed
	EmptyFile       = "EmptyFile"       // no document
	ManyDocuments   = "ManyDocuments"   // more than one document
	BadAPIVersion   = "BadAPIVersion"
	BadKind         = "BadKind"

	MissingKey    = "MissingKey"
	UnknownKey    = "UnknownKey"
	DuplicateKey  = "DuplicateKey"
	WrongType     = "WrongType" // also a key without a value
	UnknownChoice = "UnknownChoice"
	BadName       = "BadName"
	DuplicateName = "DuplicateName"

	EmptyDestinations = "EmptyDestinations"
	UnknownMiddleware = "UnknownMiddleware"
	BadPort           = "BadPort"
	BadCIDR           = "BadCIDR"
	BadHost           = "BadHost"
	BadNamespace      = "BadNamespace"
	BadSelector       = "BadSelector"
	EmptyList         = "EmptyList" // where at least one item is required

	EmptyStrategy             = "EmptyStrategy"
	BadDuration               = "BadDuration"
	BadIdleTimeout            = "BadIdleTimeout"
	BadDrainDuration          = "BadDrainDuration"
	BadKeepalive              = "BadKeepalive"
	ScopeWithoutIdleTimeout   = "ScopeWithoutIdleTimeout"
	ScopeWithoutDestinations  = "ScopeWithoutDestinations"
	TooManyDestinations       = "TooManyDestinations"
	BypassBesideOtherStrategy = "BypassBesideOtherStrategy"
	BypassWithoutPorts        = "BypassWithoutPorts"
	BypassWithoutCIDRs        = "BypassWithoutCIDRs"
	TooManyPorts              = "TooManyPorts"
	ProtectedPort             = "ProtectedPort"
	BroadCIDR                 = "BroadCIDR"
	AnyAddress                = "AnyAddress"
)

// Codes of warnings: the file is used.
const (
	NoRules                     = "NoRules"
	HostBitsSet                 = "HostBitsSet"
	NoIdleTimeout               = "NoIdleTimeout"
	KeepaliveWithoutIdleTimeout = "KeepaliveWithoutIdleTimeout"
	LongDrainDuration           = "LongDrainDuration"
	BypassesWholePorts          = "BypassesWholePorts"
	HostsDoNotNarrow            = "HostsDoNotNarrow"
	CIDRsDoNotNarrow            = "CIDRsDoNotNarrow"
	PortsDoNotNarrow            = "PortsDoNotNarrow"
	NeverMatches                = "NeverMatches"
	ConflictingRules            = "ConflictingRules"
)

// Code describes one code of a Problem.
type Code struct {
	Name     string   `json:"name"`
	Severity Severity `json:"severity"`
	Meaning  string   `json:"meaning"` // one sentence
}

// Codes returns every code that Load reports, errors first, in the order of
// the reference. The caller may not change it.
func Codes() []Code { return codeTable }

var codeTable = []Code{
	{BadSyntax, SeverityError, "The text is not YAML (JSON is YAML too)."},
	{NotUTF8, SeverityError, "The file holds bytes that are not UTF-8 text, or control characters."},
	{FileTooLarge, SeverityError, "The file is larger than 8 MiB."},
	{TooManyAliases, SeverityError, "YAML aliases unfold to more than two million values."},
	{TooManyProblems, SeverityError, "There are more problems than the 10,000 that are listed."},
	{EmptyFile, SeverityError, "The file holds no document."},
	{ManyDocuments, SeverityError, "The file holds more than one YAML document."},
	{BadAPIVersion, SeverityError, "apiVersion is not holdfast.dev/v1alpha1."},
	{BadKind, SeverityError, "kind is not Rules."},
	{MissingKey, SeverityError, "A required key is missing."},
	{UnknownKey, SeverityError, "A key is not part of the format; the nearest known one is named."},
	{DuplicateKey, SeverityError, "A key stands twice in one mapping."},
	{WrongType, SeverityError, "A value has the wrong type, or a key has no value."},
	{UnknownChoice, SeverityError, "A value is not one of the allowed words; case matters."},
	{BadName, SeverityError, "A name is not a DNS-1123 label."},
	{DuplicateName, SeverityError, "Two rules, or two gateways, have one name."},
	{EmptyDestinations, SeverityError, "None of middleware, ports, cidrs and hosts has an entry."},
	{UnknownMiddleware, SeverityError, "A middleware is not in the table of known ones."},
	{BadPort, SeverityError, "A port or range of ports is not valid."},
	{BadCIDR, SeverityError, "A network is not a valid IPv4 or IPv6 prefix."},
	{BadHost, SeverityError, "A host is not a DNS name or a glob of names."},
	{BadNamespace, SeverityError, "A namespace is not a name or glob of namespaces."},
	{BadSelector, SeverityError, "A label selector is not one that Kubernetes accepts."},
	{EmptyList, SeverityError, "A list or mapping that needs an entry has none."},
	{EmptyStrategy, SeverityError, "A strategy says nothing to do."},
	{BadDuration, SeverityError, "A duration cannot be read; the message says how to write it."},
	{BadIdleTimeout, SeverityError, "idleTimeout is negative, between 0s and 1s, or finer than a millisecond."},
	{BadDrainDuration, SeverityError, "drainDuration is not in whole seconds from 1s to 2147483647s."},
	{BadKeepalive, SeverityError, "A keepalive value is outside its limits or not in whole seconds."},
	{ScopeWithoutIdleTimeout, SeverityError, "scope stands without the idleTimeout that it belongs to."},
	{ScopeWithoutDestinations, SeverityError, "scope: Destinations has neither ports nor CIDRs to go by."},
	{TooManyDestinations, SeverityError, "scope: Destinations has more ports and CIDRs than one pod can carry."},
	{BypassBesideOtherStrategy, SeverityError, "bypass stands beside a strategy that needs the sidecar."},
	{BypassWithoutPorts, SeverityError, "bypass: Ports has no ports."},
	{BypassWithoutCIDRs, SeverityError, "bypass: CIDRs has no CIDRs."},
	{TooManyPorts, SeverityError, "bypass: Ports has more than 256 ports; Istio takes them one by one."},
	{ProtectedPort, SeverityError, "bypass: Ports would take DNS, HTTP, HTTPS or Istio's own ports out of the mesh."},
	{BroadCIDR, SeverityError, "bypass: CIDRs has a network wider than /8 (IPv4) or /16 (IPv6)."},
	{AnyAddress, SeverityError, "A network of all addresses (0.0.0.0/0, ::/0) is never accepted."},

	{NoRules, SeverityWarning, "The file has neither rules nor gateways, so it does nothing."},
	{HostBitsSet, SeverityWarning, "A network is written with host bits; they are dropped."},
	{NoIdleTimeout, SeverityWarning, "idleTimeout 0s leaks every connection whose end gets lost."},
	{KeepaliveWithoutIdleTimeout, SeverityWarning, "Keepalive probes carry no bytes, so the sidecar's idle timer still cuts after 1h."},
	{LongDrainDuration, SeverityWarning, "A drainDuration over 24h keeps old listeners, about 100 KB a chain and change, in memory."},
	{BypassesWholePorts, SeverityWarning, "bypass: Ports takes every destination on these ports out of the mesh."},
	{HostsDoNotNarrow, SeverityWarning, "Hosts choose pods by referencing; they do not narrow connections."},
	{CIDRsDoNotNarrow, SeverityWarning, "CIDRs do not narrow bypass: Ports."},
	{PortsDoNotNarrow, SeverityWarning, "Ports do not narrow bypass: CIDRs."},
	{NeverMatches, SeverityWarning, "No pod can meet all conditions of the rule."},
	{ConflictingRules, SeverityWarning, "Two rules pull one destination different ways."},
}
