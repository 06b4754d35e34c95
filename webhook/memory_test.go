package webhook

import "testing"

// Little that lives does not make the collector run all the time, and much does not make
// the process twice as large.
func TestPercentFor(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 150}, {2 * mib, 150}, {4 * mib, 150}, {8 * mib, 75}, {11 * mib, 54}, {12 * mib, 50}, {1000 * mib, 50},
	} {
		if got := percentFor(c.live); got != c.want {
			t.Errorf("%d MiB live: got %d percent, want %d", c.live/mib, got, c.want)
		}
	}
}
