package webhook

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"time"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/webhook/resident"
)

const (
	// gcPercent makes the collector run at half its usual distance where much lives: the
	// compiled rules, 8 MiB for 10,000, and ConfigMaps. That keeps the process, and the peak of
	// loading rules, a third smaller.
	gcPercent = 50
	// gcLeast is how large the heap gets, in bytes, before the collector runs at all. A review
	// leaves 30 KB, and by percent alone the collector would run after a hundred of them where
	// little lives (5 MiB, with few namespaces), which costs up to a fifth of what 8 clients get
	// through. Another 10 MiB would win the rest of that.
	gcLeast = 12 << 20
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

// percentFor is how much the heap may grow until the next collection, in percent of so many
// bytes that live.
func percentFor(live uint64) int {
	const least = 4 << 20 // what Go itself counts at least
	live = max(least, min(live, gcLeast))
	return max(gcPercent, int((gcLeast-live)*100/live))
}

// releaseStart gives back, once ready, what of the program only starting needed: of 30 MiB
// that the registration of all API types and the like had touched, a server goes on with half.
func releaseStart(ctx context.Context, ready func() bool, log logr.Logger) {
	every := time.NewTicker(200 * time.Millisecond)
	defer every.Stop()
	for !ready() {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
	if err := resident.Release(); err != nil {
		log.Info("cannot give back the memory that only starting needed; the process stays some MiB larger", "cause", err.Error())
	}
}
