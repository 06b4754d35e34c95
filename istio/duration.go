package istio

import "time"

// ParseIdleTimeout reads a value of ISTIO_META_IDLE_TIMEOUT as istiod does. An
// error means that Istio ignores the value in silence and Envoy's default of
// one hour stays; the error says how to write what was probably meant
// ("2d" -> "48h", "3600" -> "3600s").
func ParseIdleTimeout(value string) (time.Duration, error) { panic("skeleton") }

// FormatDuration writes d in its shortest Go form: "48h", "90m", "1h30m", "0s".
func FormatDuration(d time.Duration) string { panic("skeleton") }

// FormatSeconds writes d, which holds whole seconds, as "43200s", the form
// that every JSON decoder of durations takes.
func FormatSeconds(d time.Duration) string { panic("skeleton") }
