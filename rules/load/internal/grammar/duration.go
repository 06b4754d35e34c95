package grammar

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/durations"
)

// ParseDuration reads a duration of a rules file: Go's grammar with days in
// front ("2d", "1d12h"). A unit is always required. The error says how to write
// what was probably meant.
func ParseDuration(s string) (time.Duration, error) {
	d, ok := readDuration(s)
	if ok {
		return d, nil
	}
	if fixed := durationHint(s); fixed != "" {
		return 0, fmt.Errorf("got %s, want a duration with units such as \"48h\": write %s", Show(s), fixed)
	}
	if isTooLong(s) {
		return 0, fmt.Errorf("got %s, want at most 106751d: longer ones do not fit into 64 bits of nanoseconds", Show(s))
	}
	return 0, fmt.Errorf("got %s, want a duration with units such as \"48h\", \"90m\", \"30s\" or \"2d\"", Show(s))
}

// isTooLong reports whether s would be a duration if its numbers were smaller.
func isTooLong(s string) bool {
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !isDigit(s[i]):
			b.WriteByte(s[i])
		case i == 0 || !isDigit(s[i-1]):
			b.WriteByte('1')
		}
	}
	_, ok := readDuration(b.String())
	return ok
}

func readDuration(s string) (time.Duration, bool) {
	rest, negative := s, false
	if cut, ok := strings.CutPrefix(s, "-"); ok {
		rest, negative = cut, true
	}
	// A second sign, or no unit at all ("0"), would pass time.ParseDuration.
	if rest == "" || rest[0] == '-' || rest[0] == '+' || isDigit(rest[len(rest)-1]) {
		return 0, false
	}
	var total time.Duration
	if days, after, ok := strings.Cut(rest, "d"); ok {
		// Hours, so that time.ParseDuration guards against overflow.
		hours, err := time.ParseDuration(days + "h")
		if err != nil || !isDigit(days[0]) || strings.Trim(days, "0123456789.") != "" || hours > math.MaxInt64/24 {
			return 0, false
		}
		total, rest = 24*hours, after
	}
	if rest != "" {
		if !isDigit(rest[0]) && rest[0] != '.' {
			return 0, false
		}
		d, err := time.ParseDuration(rest)
		if err != nil || d > math.MaxInt64-total {
			return 0, false
		}
		total += d
	}
	if negative {
		total = -total
	}
	return total, true
}

// durationHint returns, in quotes, how to write what was probably meant, or
// nothing.
func durationHint(s string) string {
	parts := durations.Read(strings.TrimPrefix(s, "+"))
	if len(parts) == 1 && parts[0].Unit == "" {
		n := parts[0].Number
		if strings.Trim(n, "0.") == "" {
			return `"0s"`
		}
		return fmt.Sprintf("%q, %q or %q", n+"s", n+"m", n+"h")
	}
	meant := ""
	for _, p := range parts {
		if p.Unit == "w" {
			weeks, err := strconv.Atoi(p.Number)
			if err != nil {
				return ""
			}
			p.Number, p.Unit = strconv.Itoa(7*weeks), "d"
		}
		meant += p.Number + p.Unit
	}
	if _, ok := readDuration(meant); !ok || meant == s || s[0] == '+' {
		return ""
	}
	return strconv.Quote(meant)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
