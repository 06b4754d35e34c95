package webhook

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
)

const (
	// gcPercent makes the collector run at half its usual distance where much lives: the
	// compiled rules, 8 MiB for 10,000, and ConfigMaps. That keeps the process, and the peak of
	// loading rules, a third smaller.
	gcPercent = 50
	// gcRoom is how many bytes of garbage may gather where little lives. A review leaves 30 KB,
	// and by percent alone the collector would run after a hundred of them, which costs up to a
	// fifth of what 8 clients get through. 16 MiB would win the rest of that, and take 60 MiB
	// in all.
	gcRoom = 6 << 20
)

// spareMemory sets how far the collector is apart, until ctx ends, unless the user has set
// GOGC. The percentage follows what lives after every collection: it must be the right one
// while rules are loaded, which takes less than a second.
func spareMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	before := debug.SetGCPercent(gcPercent)
	defer debug.SetGCPercent(before)
	live := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	last := gcPercent
	for {
		select {
		case <-nextCollection():
		case <-ctx.Done():
			return
		}
		runtimemetrics.Read(live)
		if now := percentFor(live[0].Value.Uint64()); now != last {
			last = now
			debug.SetGCPercent(now)
		}
	}
}

// nextCollection closes the channel when the collector has been through: it finds something
// that nobody needs.
func nextCollection() <-chan struct{} {
	type litter struct{ _ *litter } // with a pointer: others would share its place, and keep it
	done := make(chan struct{})
	runtime.AddCleanup(new(litter), func(done chan struct{}) { close(done) }, done)
	return done
}

// percentFor leaves gcRoom, or gcPercent where that is more, for so many bytes that live.
func percentFor(live uint64) int {
	const least = 4 << 20 // what Go itself counts at least
	return max(gcPercent, int(gcRoom*100/max(live, least)))
}
