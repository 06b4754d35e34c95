// Package turns counts how often work lets others go first.
package turns

import (
	"runtime"
	"sync/atomic"
)

// During is how often another goroutine gets its turn while f runs, on one processor.
func During(f func()) int64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var turns atomic.Int64
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			turns.Add(1)
			runtime.Gosched()
		}
	}()
	f()
	stop.Store(true)
	<-done
	return turns.Load()
}
