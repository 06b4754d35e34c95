package durations

import (
	"slices"
	"testing"
)

func TestRead(t *testing.T) {
	for text, want := range map[string][]string{
		"2 days":                {"2", "d"},
		"1 hour, 30 minutes":    {"1", "h", "30", "m"},
		"1 hour and 30 minutes": {"1", "h", "30", "m"},
		" 1.5H ":                {"1.5", "h"},
		"1h30":                  {"1", "h", "30", ""},
		"5 \u03bcs":             {"5", "us"},
		"100 msecs":             {"100", "ms"},
		// ISO 8601, with and without days.
		"PT48H":   {"48", "h"},
		"P1DT12H": {"1", "d", "12", "h"},
		"1w":      {"1", "w"},
		// No duration: a sign, an exponent, a month, two points.
		"-1h": nil, "1h-5m": nil, "+5s": nil, "1e3s": nil, "1 month": nil, "1.2.3h": nil, "h": nil, "": nil,
		// Longer than anybody writes.
		"1h                                                              1m": nil,
	} {
		var got []string
		for _, p := range Read(text) {
			got = append(got, p.Number, p.Unit)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A number alone counts as seconds, a week as seven days.
func TestLength(t *testing.T) {
	for text, want := range map[string]float64{"5": 1, "5ms": 0.001, "5 min": 60, "5hrs": 3600, "5w": 7 * 24 * 3600} {
		if got := Read(text)[0].Length.Seconds(); got != want {
			t.Errorf("%q: got a unit of %v s, want %v", text, got, want)
		}
	}
}
