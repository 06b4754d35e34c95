package webhook

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// Little that lives does not make the collector run all the time, and much does not make
// the process twice as large.
func TestPercentFor(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 200}, {2 * mib, 200}, {4 * mib, 200}, {6 * mib, 100}, {7 * mib, 71}, {8 * mib, 50}, {12 * mib, 50}, {1000 * mib, 50},
	} {
		if got := percentFor(c.live); got != c.want {
			t.Errorf("%d MiB live: got %d percent, want %d", c.live/mib, got, c.want)
		}
	}
}

// The channel closes after a collection, and not before.
func TestNextCollection(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // no collection but the test's own
	done := nextCollection()
	select {
	case <-done:
		t.Fatal("the channel is closed before there was a collection")
	default:
	}
	runtime.GC()
	<-done
}
