package mesh

import (
	"context"
	"slices"
	"sync"
)

// warnings collects the admission warnings of the requests of one context.
type warnings struct {
	mu   sync.Mutex
	list []string
}

type warningsKey struct{}

// collectWarnings returns a context whose requests put their warnings into the
// returned list.
func collectWarnings(ctx context.Context) (context.Context, *warnings) {
	w := &warnings{}
	return context.WithValue(ctx, warningsKey{}, w), w
}

func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

// warningHandler hands the API server's warnings to the request's collector
// and drops those of requests without one.
type warningHandler struct{}

func (warningHandler) HandleWarningHeaderWithContext(ctx context.Context, code int, _, text string) {
	w, ok := ctx.Value(warningsKey{}).(*warnings)
	if !ok || code != 299 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, text)
}
