package rules

import "strings"

// ProbeAnnotation on a pod of a dry run asks for an answer that its creator gets to
// see: a warning with the annotation's value and the Reason. Nothing else shows that
// holdfast was asked about a pod that it leaves as it is.
const ProbeAnnotation = "holdfast.dev/probe"

// ProbeAnswer is the answer to a probe.
func ProbeAnswer(probe string, reason Reason) string { return "probe " + probe + ": " + string(reason) }

// ReadProbeAnswer reads the Reason off a warning; ok is false if it does not answer
// that probe.
func ReadProbeAnswer(warning, probe string) (reason Reason, ok bool) {
	text, ok := strings.CutPrefix(warning, WarningText(ProbeAnswer(probe, "")))
	return Reason(strings.TrimSpace(text)), ok
}
