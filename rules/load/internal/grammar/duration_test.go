package grammar

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"48h": 48 * time.Hour, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "0.5d": 12 * time.Hour,
		"90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "0s": 0, "0d": 0, "-2d": -48 * time.Hour, "1.5s": 1500 * time.Millisecond,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	// Grammar that is nearly right stays an error: Istio would ignore it.
	for _, text := range []string{"", "0", "48", "d", "1d-5h", "--5s", "-+5s", "2D", "1d2d", "1d ", "106752d", "200000000h", "1d2562047h48m", "١d"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

// What is written wrong comes with what was meant, in the grammar of a file.
func TestDurationHints(t *testing.T) {
	for text, want := range map[string]string{
		"+80": `write "80s", "80m" or "80h"`, "0.0": `write "0s"`, "2 weeks": `write "14d"`, "1.5 days": `write "1.5d"`,
		"1 hour and 30 minutes": `write "1h30m"`, "P1DT12H": `write "1d12h"`, "100 msecs": `write "100ms"`,
		// Nothing that the loader would take: hours before days, half a week, a
		// number without unit behind another.
		"12h 1d": `"2d"`, "1.5w": `"2d"`, "1h 30": `"2d"`, "+5s": `"2d"`,
		"106752.5d": "want at most 106751d",
	} {
		if _, err := ParseDuration(text); err == nil || !strings.HasSuffix(err.Error(), want) && !strings.Contains(err.Error(), want+":") {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
