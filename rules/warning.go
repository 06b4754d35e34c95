package rules

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// Warning is something the pod's author should know.
type Warning struct {
	Code    WarningCode `json:"code"`
	Message string      `json:"message"` // one line, whole, whatever its length
	// Short is Message with its variable part cut, where the whole is too long for
	// WarningText.
	Short string `json:"-"`
}

// Text is what a client of the API server gets to see of a warning.
func (w *Warning) Text() string { return WarningText(cmp.Or(w.Short, w.Message)) }

// WarningCode says what a warning is about. It is stable: metrics have it as a
// label.
type WarningCode string

// Codes of warnings about a pod.
const (
	// Istio rejects the pod's own `traffic.sidecar.istio.io/excludeOutboundPorts`, and
	// denies the pod for it. holdfast leaves it alone.
	// Do: write the annotation as the message says.
	WarnPortsLeftAlone WarningCode = "InvalidExcludeOutboundPorts"
	// Istio rejects the pod's own `traffic.sidecar.istio.io/excludeOutboundIPRanges`,
	// and denies the pod for it. holdfast leaves it alone.
	// Do: write the annotation as the message says.
	WarnPrefixesLeftAlone WarningCode = "InvalidExcludeOutboundIPRanges"
	// Istio rejects the pod's own `proxy.istio.io/config`, and denies the pod for it.
	// holdfast leaves it alone.
	// Do: write the annotation as the message says.
	WarnProxyConfigLeftAlone WarningCode = "InvalidProxyConfig"
	// The pod's own `proxy.istio.io/config` is valid, but no edit is sure to keep all
	// that its author wrote. What rules want of it is not in force.
	// Do: write it plainer: without aliases, tags, or thousands of keys.
	WarnProxyConfigNotEditable WarningCode = "ProxyConfigNotEditable"
	// Istio cannot read the pod's own `ISTIO_META_IDLE_TIMEOUT` (`2d`, `3600`,
	// nothing) and would ignore it; the rule's value stands there now.
	// Do: write it in hours, minutes and seconds (`48h`), or remove it.
	WarnIdleTimeoutReplaced WarningCode = "IdleTimeoutReplaced"
	// Istio cannot read the pod's own `EXIT_ON_ZERO_ACTIVE_CONNECTIONS` (`yes`, nothing)
	// and would ignore it; `true` stands there now.
	// Do: write `"true"` or `"false"`, in quotes, or remove it.
	WarnExitOnZeroReplaced WarningCode = "ExitOnZeroReplaced"
	// A rule with `drainJitter` is in force, and what is looked at is a manifest: it has
	// the plain `drainDuration`, because what is drawn is for one pod alone. Where the
	// webhook admits the pods, each draws its own.
	// Do: nothing where there is the webhook. Where manifests are all, one change of the
	// configuration ends the connections of all pods at once.
	WarnDrainNotDrawn WarningCode = "DrainNotDrawn"
	// A rule with `sidecarStopsLast` is in force, and the pod's
	// `terminationGracePeriodSeconds` is no longer than the 5 s that a sidecar lives on
	// anyway: then the pod is killed, and with it what is still at work.
	// Do: give the pod as many seconds as its application may need to end its work; 30
	// is Kubernetes' default.
	WarnGracePeriodTooShort WarningCode = "GracePeriodTooShort"
	// An entry of `gateways` has `stopsLast`, and no injector makes the pod's container:
	// pilot-agent takes other settings from the annotation when it starts, and this one
	// from its own environment, which holdfast does not touch.
	// Do: set the variable where the container is made: `env` of the component for
	// istioctl's gateways, `environmentVariables` of a ProxyConfig with a selector for
	// those of Gateway API and for waypoints.
	WarnStopsLastNotReached WarningCode = "StopsLastNotReached"
	// An entry of `gateways` has `idleTimeout`, and no injector makes the pod's container, in
	// whose environment another `ISTIO_META_IDLE_TIMEOUT` stands: the variable wins over the
	// annotation. Istio makes it of the mesh's `proxyMetadata` and of ProxyConfig resources.
	// Do: take it out there, or set it there to what the entry says, in a ProxyConfig with
	// a selector for the gateway.
	WarnIdleTimeoutNotReached WarningCode = "IdleTimeoutNotReached"
	// An entry of `gateways` has `idleTimeout` for a waypoint. It reaches connections to
	// destinations outside the mesh. Those to ambient pods go on through a tunnel, whose
	// listener has Envoy's own idle timeout of 1 h whatever the pod's annotation says.
	// Do: the EnvoyFilter of docs/ambient.md, where the waypoint is in front of such pods.
	WarnTunnelsCutIdle WarningCode = "TunnelsCutIdle"
	// The rules with `scope: Destinations` that match this pod need more than eight
	// patterns together; the rule that is named, later in the file, is left out.
	// Do: give the rules fewer ports and networks, join neighbours, or give them
	// different `workloads`.
	WarnTooManyDestinations WarningCode = "TooManyDestinations"
	// A rule does not match only because it asks for labels of the namespace, and
	// nobody knows them here.
	// Do: offline: a Namespace among the inputs, or `--namespace-labels`; a webhook:
	// let it reach the cluster.
	WarnNamespaceLabelsUnknown WarningCode = "NamespaceLabelsUnknown"
	// Istio's webhook was called before holdfast's, so the sidecar may lack the
	// settings.
	// Do: name the MutatingWebhookConfiguration `holdfast`: the API server calls them
	// in the order of their names, and `istio-...` must come later.
	WarnAlreadyInjected WarningCode = "AlreadyInjected"
	// The pod runs since before this rule, or was admitted under other rules.
	// Annotations of a running pod change nothing.
	// Do: `kubectl rollout restart` its workload.
	WarnAdmittedBefore WarningCode = "AdmittedBefore"
	// A label or annotation `holdfast.dev/enabled` has a value that is neither `true`
	// nor `false` (`no`, `False`): it neither opts in nor out.
	// Do: write `"true"` or `"false"`, in quotes and small letters.
	WarnUnknownEnabled WarningCode = "UnknownEnabledValue"
	// Rules match that are in mode Observe: they change nothing.
	// Do: set `mode: Enforce` when you want them to.
	WarnObserved WarningCode = "Observed"
	// The annotation `holdfast.dev/middleware` names what is neither a rule nor a
	// middleware.
	// Do: mend the name; `holdfast middleware` lists those that there are.
	WarnUnknownMiddleware WarningCode = "UnknownMiddleware"
	// The pod shows more addresses than are read, so a rule with `referencing` may
	// have been missed.
	// Do: name what the pod uses in the annotation `holdfast.dev/middleware`.
	WarnTooManyAddresses WarningCode = "TooManyAddresses"
	// With what the rules add, the pod could not be stored or started; it is left
	// alone.
	// Do: as for the reason `TooLarge`.
	WarnTooLarge WarningCode = "TooLarge"
	// The annotations need an EnvoyFilter that Istio's root namespace lacks; without
	// it they do nothing.
	// Do: `holdfast render -f rules.yaml | kubectl apply -f -`, or run the webhook
	// with `--manage-mesh`.
	WarnMeshObjectMissing WarningCode = "MeshObjectMissing"
	// The pod gets a list of exclusions, which replaces the one that Istio was
	// installed with, and nobody says here what that is.
	// Do: write it under `mesh` in the rules file; an empty list says that there is
	// none.
	WarnMeshUnknown WarningCode = "MeshUnknown"
	// There are more warnings about this pod than the ten that are passed on.
	// Do: mend those that are shown; `holdfast explain` has the same limit.
	WarnMore WarningCode = "MoreWarnings"
)

// WarningCodes returns every code, for metrics that exist at zero.
func WarningCodes() []WarningCode {
	return []WarningCode{
		WarnPortsLeftAlone, WarnPrefixesLeftAlone, WarnProxyConfigLeftAlone, WarnProxyConfigNotEditable,
		WarnIdleTimeoutReplaced, WarnExitOnZeroReplaced, WarnDrainNotDrawn, WarnGracePeriodTooShort, WarnStopsLastNotReached, WarnIdleTimeoutNotReached, WarnTunnelsCutIdle, WarnTooManyDestinations, WarnNamespaceLabelsUnknown, WarnAlreadyInjected, WarnAdmittedBefore,
		WarnUnknownEnabled, WarnObserved, WarnUnknownMiddleware, WarnTooManyAddresses, WarnTooLarge, WarnMeshObjectMissing, WarnMeshUnknown, WarnMore,
	}
}

const (
	// MaxWarningLength is the longest warning, in bytes, that an API server
	// passes on untruncated to every client.
	// Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#response
	MaxWarningLength = 119
	// speaker begins every warning that a client gets to see.
	speaker = "holdfast: "
)

// NewWarning makes a warning of head, variable and tail. Where room is short, only
// the variable text, which comes from pods and rules, is cut: the tail says how to
// mend things.
func NewWarning(code WarningCode, head, variable, tail string) Warning {
	variable = clip.OneLine(variable)
	w := Warning{Code: code, Message: head + variable + tail}
	if room := MaxWarningLength - len(speaker) - len(head) - len(tail); len(variable) > room {
		w.Short = head + clip.Middle(variable, room) + tail
	}
	return w
}

// WarningText is what a client gets to see of a message: one line of at most
// MaxWarningLength bytes that says who speaks. An API server drops a warning with control characters in it.
// Source: https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/util/net/http.go (NewWarningHeader)
func WarningText(message string) string {
	words := strings.FieldsFunc(message, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return clip.Text(speaker+strings.Join(words, " "), MaxWarningLength)
}
