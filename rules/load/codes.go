package load

// Code says what kind of problem it is, the same in every version. docs/codes.md
// lists all, from the comments here: a meaning, and what to do.
type Code string

// Codes of errors: the file is not used.
const (
	// The file cannot be read: there is none, it is a folder, or not allowed.
	// Do: give the path of a file that you may read; of folders, name the files in
	// them or add `-R`.
	unreadable Code = "Unreadable"
	// The text is not YAML (JSON is YAML too).
	// Do: look at the line that is named and the one before it; the message names the
	// usual cause.
	badSyntax Code = "BadSyntax"
	// The file holds bytes that are not UTF-8 text, or control characters.
	// Do: save the file as UTF-8.
	notUTF8 Code = "NotUTF8"
	// The file is larger than 8 MiB.
	// Do: join rules that differ only in their destinations, or split them over
	// several installations.
	fileTooLarge Code = "FileTooLarge"
	// YAML aliases unfold to more than two million values.
	// Do: write the values out, or join rules.
	tooManyAliases Code = "TooManyAliases"
	// The file holds more than about 300,000 values, or one line more than 100,000; no
	// memory is spent on more. 10,000 rules hold 170,000.
	// Do: break long lines, join rules, or split them over several installations.
	tooManyValues Code = "TooManyValues"
	// There are more problems than the 10,000 that are listed; where all are warnings,
	// so is this. Reading ends there, so what follows was not looked at.
	// Do: solve the first ones, and check again.
	tooManyProblems Code = "TooManyProblems"
	// The file holds no document.
	// Do: write at least `apiVersion`, `kind` and `rules`; deploy/examples/rules.yaml
	// is a start.
	emptyFile Code = "EmptyFile"
	// The file holds more than one YAML document.
	// Do: remove the `---`, and put all rules into one list.
	manyDocuments Code = "ManyDocuments"
	// apiVersion is not holdfast.dev/v1alpha1.
	// Do: write `apiVersion: holdfast.dev/v1alpha1`.
	badAPIVersion Code = "BadAPIVersion"
	// kind is not Rules.
	// Do: write `kind: Rules`.
	badKind Code = "BadKind"
	// A required key is missing.
	// Do: add the key; the message gives an example.
	missingKey Code = "MissingKey"
	// A key is not part of the format; the nearest known one is named.
	// Do: write the key that the message names, or remove it.
	unknownKey Code = "UnknownKey"
	// A key stands twice in one mapping.
	// Do: remove one of the two; the message has the line of the first.
	duplicateKey Code = "DuplicateKey"
	// A value has the wrong type, or a key has no value.
	// Do: give it the type that the message wants, often by quotes or by `[ ]`.
	wrongType Code = "WrongType"
	// A value is not one of the allowed words; case matters. In `allow`: not the code
	// of a warning that there can be.
	// Do: write one of the words that the message lists.
	unknownChoice Code = "UnknownChoice"
	// A name is not a DNS-1123 label.
	// Do: use lower case letters, digits and `-`, at most 63.
	badName Code = "BadName"
	// Two rules, or two gateways, have one name.
	// Do: rename one: names show in logs and on pods.
	duplicateName Code = "DuplicateName"
	// None of middleware, ports, cidrs and hosts has an entry.
	// Do: add an entry to one of the four lists.
	emptyDestinations Code = "EmptyDestinations"
	// A middleware is not in the table of known ones.
	// Do: take a name of `holdfast middleware`, or list the ports.
	unknownMiddleware Code = "UnknownMiddleware"
	// A port or range of ports is not valid.
	// Do: write a number from 1 to 65535, or `"from-to"` in quotes.
	badPort Code = "BadPort"
	// A network is not a valid IPv4 or IPv6 prefix.
	// Do: write `10.20.0.0/16` or `"2001:db8::/32"`; an address alone is that one
	// address.
	badCIDR Code = "BadCIDR"
	// A host is not a DNS name or a glob of names.
	// Do: write a name or a glob such as `"*.example.com"`: no scheme, no port, no
	// address.
	badHost Code = "BadHost"
	// A namespace is not a name or glob of namespaces.
	// Do: write the name of a namespace, or a glob such as `"team-*"`.
	badNamespace Code = "BadNamespace"
	// A label selector is not one that Kubernetes accepts.
	// Do: write labels as Kubernetes takes them; `In` and `NotIn` with values,
	// `Exists` and `DoesNotExist` without.
	badSelector Code = "BadSelector"
	// A list or mapping that needs an entry has none.
	// Do: add an entry, or remove the key where it may be left out.
	emptyList Code = "EmptyList"
	// A strategy, or an entry of gateways, says nothing to do.
	// Do: write `idleTimeout`, `keepalive`, `drainDuration`, `sidecarStartsFirst: true`,
	// `sidecarStopsLast: true` or `bypass`; for a gateway also `stopsLast: true`.
	emptyStrategy Code = "EmptyStrategy"
	// A duration cannot be read; the message says how to write it.
	// Do: write a unit: `48h`, `90m`, `30s`, `2d`.
	badDuration Code = "BadDuration"
	// idleTimeout is negative, between 0s and 1s, or finer than a millisecond.
	// Do: write `0s` or at least `1s`, in whole milliseconds.
	badIdleTimeout Code = "BadIdleTimeout"
	// drainDuration is not in whole seconds from 1s to 2147483647s.
	// Do: write whole seconds, at least `1s`.
	badDrainDuration Code = "BadDrainDuration"
	// drainJitter is not a whole number from 0 to 50.
	// Do: write a number of percent, such as `25`.
	badDrainJitter Code = "BadDrainJitter"
	// drainJitter stands without the drainDuration that it varies.
	// Do: add `drainDuration`, or remove `drainJitter`.
	drainJitterWithoutDrainDuration Code = "DrainJitterWithoutDrainDuration"
	// A keepalive value is outside its limits or not in whole seconds.
	// Do: write whole seconds from `1s` to `32767s`, and 1 to 127 probes.
	badKeepalive Code = "BadKeepalive"
	// scope stands without the idleTimeout that it belongs to.
	// Do: add `idleTimeout`, or remove `scope`.
	scopeWithoutIdleTimeout Code = "ScopeWithoutIdleTimeout"
	// scope: Destinations has neither ports nor CIDRs to go by.
	// Do: list ports, middleware or CIDRs: the sidecar sees addresses, not names.
	scopeWithoutDestinations Code = "ScopeWithoutDestinations"
	// scope: Destinations has more ports and CIDRs than one pod can carry.
	// Do: join neighbouring networks, split the rule by workloads, or use `scope:
	// Sidecar`.
	tooManyDestinations Code = "TooManyDestinations"
	// bypass stands beside a strategy that needs the sidecar.
	// Do: keep one of them, or make two rules with different destinations.
	bypassBesideOtherStrategy Code = "BypassBesideOtherStrategy"
	// bypass: Ports has no ports.
	// Do: list ports or middleware under `destinations`, or write `bypass: CIDRs`.
	bypassWithoutPorts Code = "BypassWithoutPorts"
	// bypass: CIDRs has no CIDRs.
	// Do: list networks under `destinations`, or write `bypass: Ports`.
	bypassWithoutCIDRs Code = "BypassWithoutCIDRs"
	// bypass: Ports has more than 256 ports; Istio takes them one by one.
	// Do: list fewer, or bypass by CIDRs.
	tooManyPorts Code = "TooManyPorts"
	// bypass: CIDRs has a list of over 96 KiB, which becomes one argument of
	// istio-init; the kernel executes no program with one of 128 KiB.
	// Do: join neighbouring networks, or split the rule by workloads.
	tooManyCIDRs Code = "TooManyCIDRs"
	// bypass: Ports would take DNS, HTTP, HTTPS or Istio's own ports out of the mesh.
	// Do: remove the port or bypass by CIDRs; where it is meant, `allowProtected:
	// true`.
	protectedPort Code = "ProtectedPort"
	// bypass: CIDRs has a network wider than /8 (IPv4) or /16 (IPv6).
	// Do: list narrower networks; where it is meant, `allowBroad: true`.
	broadCIDR Code = "BroadCIDR"
	// A network of all addresses (0.0.0.0/0, ::/0) is never accepted.
	// Do: list the networks that are meant; leave `cidrs` out to mean any address.
	anyAddress Code = "AnyAddress"
)

// Codes of warnings: the file is used.
const (
	// The file has neither rules nor gateways, so it does nothing.
	// Do: add rules, or leave the file so to change no pod.
	noRules Code = "NoRules"
	// A network is written with host bits; they are dropped.
	// Do: write the network that the message names.
	hostBitsSet Code = "HostBitsSet"
	// idleTimeout 0s leaks every connection whose end gets lost.
	// Do: write a long timeout instead, such as `48h`.
	noIdleTimeout Code = "NoIdleTimeout"
	// Keepalive probes carry no bytes, so the sidecar's idle timer still cuts after
	// 1h.
	// Do: add an `idleTimeout` over 1h for the same pods.
	keepaliveWithoutIdleTimeout Code = "KeepaliveWithoutIdleTimeout"
	// A drainDuration over 24h keeps old listeners, about 100 KB a chain and change,
	// in memory.
	// Do: write at most `24h`, or give the sidecar more memory.
	longDrainDuration Code = "LongDrainDuration"
	// bypass: Ports takes every destination on these ports out of the mesh.
	// Do: write `bypass: CIDRs` where the addresses are known.
	bypassesWholePorts Code = "BypassesWholePorts"
	// Hosts choose pods by referencing; they do not narrow connections.
	// Do: list `cidrs` too, where they are known; with `bypass`, add `referencing:
	// true` or remove the hosts.
	hostsDoNotNarrow Code = "HostsDoNotNarrow"
	// CIDRs do not narrow bypass: Ports.
	// Do: write `bypass: CIDRs`, or remove the CIDRs.
	cidrsDoNotNarrow Code = "CIDRsDoNotNarrow"
	// Ports do not narrow bypass: CIDRs, nor what a gateway without keepalive does.
	// Do: write `bypass: Ports`, or remove the ports.
	portsDoNotNarrow Code = "PortsDoNotNarrow"
	// Destinations choose pods by referencing, and connections by scope: Destinations
	// or bypass; without any of these every pod of the workloads is patched.
	// Do: add `referencing: true` under `workloads`, or say that all of them are
	// meant.
	destinationsDoNotNarrow Code = "DestinationsDoNotNarrow"
	// bypass with referencing: a pod's author gets it by naming the address, or by
	// `holdfast.dev/middleware`, so that tenants decide who leaves the mesh.
	// Do: choose the pods by namespaces or labels instead.
	bypassByReference Code = "BypassByReference"
	// No pod can meet all conditions of the rule.
	// Do: remove one of the conditions that contradict each other.
	neverMatches Code = "NeverMatches"
	// Two rules pull one destination different ways; the later one is named, and may
	// allow it.
	// Do: give both the same strategy, or different workloads or destinations.
	conflictingRules Code = "ConflictingRules"
	// A key needs an EnvoyFilter that the pod's annotations only select; without it
	// nothing happens.
	// Do: `holdfast render -f rules.yaml | kubectl apply -f -` before the pods are
	// created, or run the webhook with `--manage-mesh`.
	NeedsMeshObject Code = "NeedsMeshObject"
)
