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
	// WarnPortsLeftAlone: Istio would reject the pod's own excludeOutboundPorts.
	WarnPortsLeftAlone WarningCode = "InvalidExcludeOutboundPorts"
	// WarnPrefixesLeftAlone: Istio would reject the pod's own excludeOutboundIPRanges.
	WarnPrefixesLeftAlone WarningCode = "InvalidExcludeOutboundIPRanges"
	// WarnProxyConfigLeftAlone: Istio would reject the pod's own proxy.istio.io/config.
	WarnProxyConfigLeftAlone WarningCode = "InvalidProxyConfig"
	// WarnProxyConfigNotEditable: the pod's proxy.istio.io/config is valid, but
	// no edit keeps all that its author wrote.
	WarnProxyConfigNotEditable WarningCode = "ProxyConfigNotEditable"
	// WarnIdleTimeoutReplaced: istiod ignores the pod's own idle timeout.
	WarnIdleTimeoutReplaced WarningCode = "IdleTimeoutReplaced"
	// WarnTooManyDestinations: a rule's patterns did not fit beside those of
	// the rules before it.
	WarnTooManyDestinations WarningCode = "TooManyDestinations"
	// WarnNamespaceLabelsUnknown: a rule failed only because it asks for
	// namespace labels, and nobody knows them here.
	WarnNamespaceLabelsUnknown WarningCode = "NamespaceLabelsUnknown"
	// WarnAlreadyInjected: Istio's webhook ran before holdfast's.
	WarnAlreadyInjected WarningCode = "AlreadyInjected"
	// WarnAdmittedBefore: the pod runs since before these rules.
	WarnAdmittedBefore WarningCode = "AdmittedBefore"
	// WarnUnknownEnabled: EnabledKey has a value that means nothing.
	WarnUnknownEnabled WarningCode = "UnknownEnabledValue"
	// WarnObserved: rules match and change nothing, by their mode.
	WarnObserved WarningCode = "Observed"
	// WarnUnknownMiddleware: MiddlewareAnnotation names what nobody knows.
	WarnUnknownMiddleware WarningCode = "UnknownMiddleware"
	// WarnTooManyAddresses: the pod shows more addresses than are read, so that a
	// rule may have been missed.
	WarnTooManyAddresses WarningCode = "TooManyAddresses"
	// WarnTooLarge: with what the rules add, the pod could not be stored or run.
	WarnTooLarge WarningCode = "TooLarge"
	// WarnMeshObjectMissing: an object of the mesh that the annotations need is
	// known not to be there.
	WarnMeshObjectMissing WarningCode = "MeshObjectMissing"
	// WarnMeshUnknown: a list of the pod's replaces one that Istio was installed
	// with, and nobody tells that here: no cluster, no mesh section.
	WarnMeshUnknown WarningCode = "MeshUnknown"
	// WarnMore: there were more warnings than are passed on.
	WarnMore WarningCode = "MoreWarnings"
)

// WarningCodes returns every code, for metrics that exist at zero.
func WarningCodes() []WarningCode {
	return []WarningCode{
		WarnPortsLeftAlone, WarnPrefixesLeftAlone, WarnProxyConfigLeftAlone, WarnProxyConfigNotEditable,
		WarnIdleTimeoutReplaced, WarnTooManyDestinations, WarnNamespaceLabelsUnknown, WarnAlreadyInjected, WarnAdmittedBefore,
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
