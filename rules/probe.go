package rules

import "strings"

// ProbeAnswer is the answer to a ProbeAnnotation with that value.
func ProbeAnswer(probe string, reason Reason) string { return "probe " + probe + ": " + string(reason) }

// ReadProbeAnswer reads the Reason off a warning; ok is false if it does not answer
// that probe.
func ReadProbeAnswer(warning, probe string) (reason Reason, ok bool) {
	text, ok := strings.CutPrefix(warning, WarningText(ProbeAnswer(probe, "")))
	return Reason(strings.TrimSpace(text)), ok
}
