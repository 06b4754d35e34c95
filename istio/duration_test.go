package istio

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseIdleTimeout(t *testing.T) {
	for _, test := range []struct {
		name, value string
		want        time.Duration
		wantErr     string
	}{
		{name: "hours", value: "48h", want: 48 * time.Hour},
		{name: "mixed", value: "1h30m", want: 90 * time.Minute},
		// Zero switches the timer off.
		{name: "zero", value: "0s", want: 0},
		// Go reads a bare zero, and only that, without a unit.
		{name: "bare zero", value: "0", want: 0},
		{name: "fraction", value: "1.5h", want: 90 * time.Minute},
		// istiod takes an empty value for none at all.
		{name: "empty", value: "", wantErr: "empty idle timeout"},
		// Days are the most frequent mistake.
		{name: "days", value: "2d", wantErr: `want "48h"`},
		{name: "days and hours", value: "1d12h", wantErr: `want "36h"`},
		// A bare number is taken for seconds, as other tools do.
		{name: "number", value: "3600", wantErr: `want "3600s"`},
		{name: "upper case", value: "24H", wantErr: `want "24h"`},
		{name: "inner space", value: "30 s", wantErr: `want "30s"`},
		{name: "outer space", value: " 48h ", wantErr: `want "48h"`},
		{name: "words", value: "1 hour, 30 minutes", wantErr: `want "1h30m"`},
		{name: "weeks", value: "1w", wantErr: `want "168h"`},
		// Nothing to guess at.
		{name: "word", value: "never", wantErr: `got idle timeout "never", want a duration like`},
		{name: "month", value: "1 month", wantErr: "want a duration like"},
		{name: "too large", value: "99999999999d", wantErr: "want a duration like"},
		// istiod takes it, Envoy refuses the listener.
		{name: "negative", value: "-1h", wantErr: "Envoy refuses"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseIdleTimeout(test.value)
			checkError(t, err, test.wantErr)
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestFormatDuration(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0s"},
		{48 * time.Hour, "48h"},
		{90 * time.Minute, "1h30m"},
		{45 * time.Minute, "45m"},
		{90 * time.Second, "1m30s"},
		// A zero between two units stays, as Go writes it.
		{time.Hour + time.Second, "1h0m1s"},
		{10 * time.Hour, "10h"},
		{10 * time.Minute, "10m"},
		{10 * time.Second, "10s"},
		{1500 * time.Millisecond, "1.5s"},
		{time.Millisecond, "1ms"},
	} {
		if got := FormatDuration(test.d); got != test.want {
			t.Errorf("%v: got %q, want %q", test.d, got, test.want)
		}
	}
}

// Istio reads back what is written, from the shortest to the longest.
func TestFormatDurationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, time.Minute, time.Hour}).Draw(t, "unit")
		d := time.Duration(rapid.Int64Range(0, 100_000).Draw(t, "n")) * unit
		if got, err := ParseIdleTimeout(FormatDuration(d)); err != nil || got != d {
			t.Fatalf("%q: got %v, %v, want %v", FormatDuration(d), got, err, d)
		}
		whole := d.Truncate(time.Second)
		if got, err := time.ParseDuration(FormatSeconds(d)); err != nil || got != whole {
			t.Fatalf("%q: got %v, %v, want %v", FormatSeconds(d), got, err, whole)
		}
	})
}

// istiod's reading decides, and every suggestion is one that it takes.
func FuzzParseIdleTimeout(f *testing.F) {
	for _, seed := range []string{"48h", "2d", "3600", "24H", "30 s", "", "1 hour, 30 minutes", "-1h", "1µs", "9e9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		d, err := time.ParseDuration(value)
		got, gotErr := ParseIdleTimeout(value)
		if want := err == nil && d >= 0; (gotErr == nil) != want || want && got != d {
			t.Errorf("%q: got %v, %v, istiod reads %v, %v", value, got, gotErr, d, err)
		}
		if meant := SuggestDuration(value); meant != "" && gotErr != nil {
			if _, err := ParseIdleTimeout(meant); err != nil {
				t.Errorf("%q: suggestion %q: %v", value, meant, err)
			}
		}
	})
}
