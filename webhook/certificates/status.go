package certificates

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// errNotYet is the reason before anything was tried.
var errNotYet = errors.New("no serving certificate yet: waiting for the authority in the Secret")

// troubles are what is wrong now, each told once.
type troubles struct {
	log     logr.Logger
	metrics *Metrics

	mu  sync.Mutex
	now map[string]string // by object
}

// tell says what is wrong with an object, nil that nothing is.
func (t *troubles) tell(of task, object string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, was := t.now[object]
	if err == nil {
		if was {
			delete(t.now, object)
			t.log.Info("well again", "object", object, "was", before)
		}
		return
	}
	text := clip.Text(strings.ReplaceAll(err.Error(), "\n", "; "), 500)
	t.now[object] = text
	t.metrics.errors.WithLabelValues(string(of)).Inc()
	if before != text {
		t.log.Error(nil, "keeping the certificates failed, trying again", "task", of, "object", object, "cause", text)
	}
}

// all returns everything that is wrong, one line each.
func (t *troubles) all() (lines []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, object := range slices.Sorted(maps.Keys(t.now)) {
		lines = append(lines, object+": "+t.now[object])
	}
	return lines
}

// refused adds to an error of the API server what to do about it.
func refused(err error, verb, object string) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("not allowed to %s %s; apply the roles that holdfast ships again: %w", verb, object, err)
	}
	return err
}

// Check is the readiness check. It fails until a certificate is served that API
// servers trust. What breaks later fails it only when the certificate itself is of no
// use: taking replicas out of service mends no caBundle.
func (k *Keeper) Check() error {
	current, now := k.current.Load(), k.times.Now()
	switch {
	case current == nil:
		return errNotYet
	case !authority.Valid(current.Leaf, now):
		return fmt.Errorf("the serving certificate is valid from %s to %s, and no other could be made",
			current.Leaf.NotBefore.UTC().Format(time.RFC3339), current.Leaf.NotAfter.UTC().Format(time.RFC3339))
	case k.arrived.Load():
		return nil
	}
	since := k.trustedSince.Load()
	if since == nil {
		return errors.New("its authority is not in the caBundle of every webhook yet")
	}
	if left := k.times.Arrive - now.Sub(*since); left > 0 {
		return fmt.Errorf("API servers get %s to read the new caBundle", k.times.Arrive)
	}
	k.arrived.Store(true)
	return nil
}

// Notes says what is wrong now, whether or not it makes Check fail.
func (k *Keeper) Notes() []string { return k.troubles.all() }
