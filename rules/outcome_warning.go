package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Codes of warnings about a pod. They are stable.
const (
	// WarnPortsLeftAlone: Istio would reject the pod's own excludeOutboundPorts.
	WarnPortsLeftAlone = "InvalidExcludeOutboundPorts"
	// WarnPrefixesLeftAlone: Istio would reject the pod's own excludeOutboundIPRanges.
	WarnPrefixesLeftAlone = "InvalidExcludeOutboundIPRanges"
	// WarnProxyConfigLeftAlone: Istio would reject the pod's own proxy.istio.io/config.
	WarnProxyConfigLeftAlone = "InvalidProxyConfig"
	// WarnProxyConfigNotEditable: the pod's proxy.istio.io/config is valid, but
	// no edit keeps all that its author wrote.
	WarnProxyConfigNotEditable = "ProxyConfigNotEditable"
	// WarnIdleTimeoutReplaced: istiod ignores the pod's own idle timeout.
	WarnIdleTimeoutReplaced = "IdleTimeoutReplaced"
	// WarnTooManyDestinations: a rule's patterns did not fit beside those of
	// the rules before it.
	WarnTooManyDestinations = "TooManyDestinations"
	// WarnNamespaceLabelsUnknown: a rule failed only because it asks for
	// namespace labels, and nobody knows them here.
	WarnNamespaceLabelsUnknown = "NamespaceLabelsUnknown"
	// WarnAlreadyInjected: Istio's webhook ran before holdfast's.
	WarnAlreadyInjected = "AlreadyInjected"
	// WarnObserved: rules match and change nothing, by their mode.
	WarnObserved = "Observed"
	// WarnUnknownMiddleware: MiddlewareAnnotation names what nobody knows.
	WarnUnknownMiddleware = "UnknownMiddleware"
	// WarnTooLarge: the API server would reject so many bytes of annotations.
	WarnTooLarge = "AnnotationsTooLarge"
	// WarnMore: there were more warnings than are passed on.
	WarnMore = "MoreWarnings"
)

// WarningCodes returns every code, for metrics that exist at zero.
func WarningCodes() []string {
	return []string{
		WarnPortsLeftAlone, WarnPrefixesLeftAlone, WarnProxyConfigLeftAlone, WarnProxyConfigNotEditable,
		WarnIdleTimeoutReplaced, WarnTooManyDestinations, WarnNamespaceLabelsUnknown, WarnAlreadyInjected,
		WarnObserved, WarnUnknownMiddleware, WarnTooLarge, WarnMore,
	}
}

const (
	// maxWarnings keeps the answer to an API server readable.
	maxWarnings = 10
	// maxMessage leaves room in MaxWarningLength for "holdfast: ", with which
	// the webhook says who speaks.
	maxMessage = MaxWarningLength - len("holdfast: ")
)

// warnings collects what a pod's author should know.
type warnings struct {
	list []Warning
	more int
}

// add makes a warning of head, variable and tail. Only the variable text, which
// comes from pods and rules, is cut to fit: the tail says how to mend things.
func (w *warnings) add(code, head, variable, tail string) {
	message := head + shorten(oneLine(variable), maxMessage-len(head)-len(tail)) + tail
	w.take(Warning{Code: code, Message: message})
}

// take adds a warning, or counts it if there are enough.
func (w *warnings) take(warning Warning) {
	if len(w.list) == maxWarnings {
		w.more++
		return
	}
	w.list = append(w.list, warning)
}

// takeAll adds the warnings of another list.
func (w *warnings) takeAll(other *warnings) {
	for _, warning := range other.list {
		w.take(warning)
	}
	w.more += other.more
}

// all returns the warnings, with a last one that counts those left out.
func (w *warnings) all() []Warning {
	if w.more == 0 {
		return w.list
	}
	return append(w.list, Warning{Code: WarnMore, Message: fmt.Sprintf("%d more warnings about this pod are not shown", w.more)})
}

// oneLine makes printable text of one line.
func oneLine(s string) string {
	clean := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError || r == 0x2028 || r == 0x2029 }
	if strings.IndexFunc(s, clean) < 0 {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if clean(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// shorten cuts s to at most limit bytes, in the middle: the beginning of a text
// says what it is about, the end of an error says what to do.
func shorten(s string, limit int) string {
	const mark = "..."
	if len(s) <= limit {
		return s
	}
	if limit <= len(mark) {
		return ""
	}
	head := (limit - len(mark)) / 3
	tail := len(s) - (limit - len(mark) - head)
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + mark + s[tail:]
}
