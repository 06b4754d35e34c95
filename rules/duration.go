package rules

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// ParseDuration reads a duration of a rules file: Go's grammar with days in
// front ("2d", "1d12h"). A unit is always required. The error says how to write
// what was probably meant.
func ParseDuration(s string) (time.Duration, error) {
	d, ok := parseDuration(s)
	if ok {
		return d, nil
	}
	if fixed := durationHint(s); fixed != "" {
		return 0, fmt.Errorf("got %s, want a duration with units such as \"48h\": write %s", show(s), fixed)
	}
	if isTooLong(s) {
		return 0, fmt.Errorf("got %s, want at most 106751d: longer ones do not fit into 64 bits of nanoseconds", show(s))
	}
	return 0, fmt.Errorf("got %s, want a duration with units such as \"48h\", \"90m\", \"30s\" or \"2d\"", show(s))
}

// isTooLong says whether s would be a duration if its numbers were smaller.
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
	_, ok := parseDuration(b.String())
	return ok
}

func parseDuration(s string) (time.Duration, bool) {
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
		n, err := parseDays(days)
		if err != nil {
			return 0, false
		}
		total, rest = n, after
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

// parseDays reads a decimal number of days. Fractions go through hours, so
// that time.ParseDuration guards against overflow.
func parseDays(s string) (time.Duration, error) {
	if s == "" || !isDigit(s[0]) || strings.ContainsAny(s, "hmsuµμn+-eE_xX") {
		return 0, errors.New("no number of days")
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > math.MaxInt64/int64(day) {
			return 0, errors.New("too many days")
		}
		return time.Duration(n) * day, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 100_000 {
		return 0, errors.New("no number of days")
	}
	return time.Duration(f * float64(day)), nil
}

// durationUnits maps what people write to what is read. Weeks become days in
// durationHint.
var durationUnits = map[string]string{
	"day": "d", "days": "d",
	"hour": "h", "hours": "h", "hr": "h", "hrs": "h",
	"minute": "m", "minutes": "m", "min": "m", "mins": "m",
	"second": "s", "seconds": "s", "sec": "s", "secs": "s",
	"millis": "ms", "msec": "ms", "milliseconds": "ms",
	"d": "d", "h": "h", "m": "m", "s": "s", "ms": "ms",
}

// durationHint returns, in quotes, how to write what was probably meant, or
// nothing.
func durationHint(s string) string {
	if len(s) > 64 {
		return ""
	}
	t := strings.ToLower(strings.Join(strings.Fields(s), ""))
	if n, err := strconv.ParseFloat(t, 64); err == nil && isDigit(t[len(t)-1]) {
		if n == 0 {
			return `"0s"`
		}
		t = strings.TrimPrefix(t, "+")
		return fmt.Sprintf("%q, %q or %q", t+"s", t+"m", t+"h")
	}
	// ISO 8601: PT48H, P2D.
	if iso, ok := strings.CutPrefix(t, "p"); ok {
		t = strings.Replace(iso, "t", "", 1)
	}
	t = strings.ReplaceAll(strings.ReplaceAll(t, ",", ""), "and", "")
	var b strings.Builder
	for t != "" {
		n := 0
		for n < len(t) && (isDigit(t[n]) || t[n] == '.') {
			n++
		}
		u := n
		for u < len(t) && t[u] >= 'a' && t[u] <= 'z' {
			u++
		}
		number, unit := t[:n], t[n:u]
		if number == "" || unit == "" {
			return ""
		}
		switch short := durationUnits[unit]; {
		case short != "":
			b.WriteString(number + short)
		case unit == "w" || unit == "week" || unit == "weeks":
			weeks, err := strconv.Atoi(number)
			if err != nil {
				return ""
			}
			b.WriteString(strconv.Itoa(7*weeks) + "d")
		default:
			return ""
		}
		t = t[u:]
	}
	if _, ok := parseDuration(b.String()); !ok || b.String() == s {
		return ""
	}
	return strconv.Quote(b.String())
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
