package rules

import "testing"

// An answer is read by who sent the probe, and by nobody else.
func TestProbeAnswer(t *testing.T) {
	warning := WarningText(ProbeAnswer("doctor-1a2b", NoRuleMatched))
	if got, ok := ReadProbeAnswer(warning, "doctor-1a2b"); got != NoRuleMatched || !ok {
		t.Errorf("%q: got %q and %v, want NoRuleMatched", warning, got, ok)
	}
	for _, other := range []string{"doctor-1a2", "doctor-3c4d"} {
		if got, ok := ReadProbeAnswer(warning, other); ok {
			t.Errorf("%q taken for an answer to %s: %q", warning, other, got)
		}
	}
}
