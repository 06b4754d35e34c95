package envoyfilters

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// noDefinitions reports whether the API server does not know EnvoyFilters at
// all: it answers with a page that no resource has made. A missing object, or a
// missing namespace, is told apart by that.
func noDefinitions(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// forbidden reports whether a right is missing. A namespace that is being deleted
// forbids too, and nobody's rights would help.
func forbidden(err error) bool {
	return apierrors.IsForbidden(err) && !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause)
}

// sayings says what fails, each once as long as it goes on failing.
type sayings struct {
	*Manager
	last, now map[saying]error
}

// saying is what was asked, and of what.
type saying struct {
	op   operation
	what string
}

// begin starts an attempt at everything that is tried together; the function
// that it returns ends it. What has not failed again is forgotten then.
func (s *sayings) begin() (end func()) {
	s.now = map[saying]error{}
	return func() {
		s.last = s.now
		refused := 0.0
		for _, err := range s.last {
			if forbidden(err) {
				refused = 1
			}
		}
		s.metrics.forbidden.Set(refused)
	}
}

// still repeats in silence what failed in the last attempt, and was not tried in
// this one.
func (s *sayings) still(op operation, what string) {
	if err, ok := s.last[saying{op, what}]; ok {
		s.now[saying{op, what}] = err
	}
}

// failed counts and says an error.
func (s *sayings) failed(ctx context.Context, op operation, what string, err error) {
	if ctx.Err() != nil {
		return // the end of a term, and no failure
	}
	s.metrics.errors.WithLabelValues(string(op)).Inc()
	this := saying{op, what}
	before, again := s.last[this]
	s.now[this] = err
	log := s.log.WithValues("request", op, "object", what, "cause", clip.Text(err.Error(), 500))
	switch {
	case errors.Is(err, errPanic):
		s.log.Error(err, "a defect, going on") // with its whole stack
	case again && (before.Error() == err.Error() || noDefinitions(before) && noDefinitions(err)):
		log.V(1).Info("failed again")
	case noDefinitions(err):
		const message = "the API server does not know EnvoyFilters: is Istio installed? Pods are decided as before, but keepalive and gateways have no effect until it is; trying again"
		log.Error(nil, message)
		s.tell(eventNoDefinitions, message)
	case forbidden(err):
		log.Error(nil, "not allowed to manage mesh objects, trying again; what the flag --manage-mesh needs comes with '"+remedy+"'")
	default:
		log.Error(nil, "managing mesh objects failed, trying again")
	}
}

// errPanic is a defect that must not end the process: admission goes on.
var errPanic = errors.New("panic while managing mesh objects")

// backoff is the wait between attempts, twice as long each time.
type backoff struct{ next, most time.Duration }

func (m *Manager) newBackoff() backoff { return backoff{m.times.backoff, m.times.maxBackoff} }

// after returns how long to wait this time.
func (b *backoff) after() time.Duration {
	wait := b.next
	b.next = min(2*b.next, b.most)
	return wait
}

// wait waits, or until ctx ends.
func (b *backoff) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(b.after()):
	}
}
