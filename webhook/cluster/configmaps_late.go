package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/holdfast-mesh/holdfast/webhook/background"
)

const (
	// lateAtATime is how many namespaces that come late are read side by side, and
	// lateRetry how long one waits that could not be read.
	lateAtATime = 4
	lateRetry   = 5 * time.Second
)

// lateNamespaces wait to be read. Thousands may come at once, where a cluster is being
// filled: that each costs a request is enough.
type lateNamespaces struct {
	mu      sync.Mutex
	waiting []lateNamespace
	readers int
}

type lateNamespace struct {
	name string
	n    *namespaceConfigMaps
}

// put has a namespace wait. It reports whether one more reader is to start.
func (l *lateNamespaces) put(n lateNamespace) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, n)
	if l.readers == lateAtATime {
		return false
	}
	l.readers++
	return true
}

// next returns the one that waits longest. Without one, the reader that asks is to end.
func (l *lateNamespaces) next() (n lateNamespace, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.waiting = nil
		l.readers--
		return n, false
	}
	n, l.waiting = l.waiting[0], l.waiting[1:]
	return n, true
}

// comesLate has a namespace read that came after the watch had begun.
func (w *configMapsWatch) comesLate(ctx context.Context, tasks *background.Tasks, n lateNamespace) {
	if w.late.put(n) {
		tasks.Go(func() { w.readLate(ctx, tasks) })
	}
}

// readLate reads namespaces while there are any that wait. One that could not be read waits
// again, unless it is gone.
func (w *configMapsWatch) readLate(ctx context.Context, tasks *background.Tasks) {
	for {
		late, ok := w.late.next()
		if !ok {
			return
		}
		if w.index.get(late.name) != late.n {
			continue
		}
		list, _, err := w.list(ctx, late.name)
		if err == nil {
			w.index.fill(late.n, list)
			continue
		}
		w.failed(ctx, watchConfigMaps, err)
		select {
		case <-time.After(lateRetry):
			w.comesLate(ctx, tasks, late)
		case <-ctx.Done():
			return
		}
	}
}
