package istio

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-mesh/holdfast/internal/durations"
)

// ParseIdleTimeout reads a value of ISTIO_META_IDLE_TIMEOUT as istiod does. An
// error means that Istio ignores the value in silence and Envoy's default of
// one hour stays; the error says how to write what was probably meant
// ("2d" -> "48h", "3600" -> "3600s"). Zero means no timeout at all.
//
// A negative duration is an error too, although istiod takes it: Envoy refuses
// every listener that carries it.
//
// Source: parseDuration in
// https://github.com/istio/istio/blob/eed52ebb66ad/pilot/pkg/networking/core/listener_builder.go
func ParseIdleTimeout(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil && value == "":
		return 0, fmt.Errorf("got an empty idle timeout, want a duration like \"48h\"")
	case err != nil:
		if meant := SuggestDuration(value); meant != "" {
			return 0, fmt.Errorf("got idle timeout %q, want %q: Istio ignores what Go's "+
				"time.ParseDuration does not read", value, meant)
		}
		return 0, fmt.Errorf("got idle timeout %q, want a duration like \"48h\" or \"90m\"", value)
	case d < 0:
		return 0, fmt.Errorf("got idle timeout %q, want a duration from \"0s\": Envoy refuses "+
			"negative ones", value)
	}
	return d, nil
}

// SuggestDuration returns what an unreadable duration was probably meant to
// be, in Istio's grammar, or "". A number without a unit counts as seconds.
func SuggestDuration(value string) string {
	parts := durations.Read(value)
	var total float64
	for _, p := range parts {
		number, err := strconv.ParseFloat(p.Number, 64)
		if err != nil {
			return ""
		}
		total += number * float64(p.Length)
	}
	if parts == nil || total >= math.MaxInt64 {
		return ""
	}
	if strings.Trim(value, "0123456789") == "" {
		return value + "s" // a number alone stays the number it is
	}
	return FormatDuration(time.Duration(math.Round(total)))
}

// FormatDuration writes d as Go does, without units that are zero: "48h",
// "45m", "1h30m", "1m30s", "0s". Ninety minutes are "1h30m"; "90m" means the
// same to Istio, but one duration has one text.
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-len("0s")]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-len("0m")]
	}
	return text
}

// FormatSeconds writes d, which holds whole seconds, as "43200s", the form
// that every JSON decoder of durations takes. A fraction of a second is cut
// off.
func FormatSeconds(d time.Duration) string {
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}
