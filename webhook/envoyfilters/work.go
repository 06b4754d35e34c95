package envoyfilters

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// requestTimeout bounds one request.
const requestTimeout = 30 * time.Second

// ours selects what is watched: all of holdfast's objects, those that people have
// applied included.
var ours = labels.SelectorFromSet(labels.Set{mesh.NameLabel: mesh.NameValue})

// work keeps the objects until its term ends. Nothing is remembered from one term
// to the next.
func (m *Manager) work(term context.Context) {
	k := &keeper{Manager: m, said: sayings{Manager: m}, unnamed: map[client.ObjectKey]time.Time{}, repairs: map[client.ObjectKey]repair{}, strange: map[client.ObjectKey]bool{}}
	attempts := sayings{Manager: m}
	missing := false
	for m.file.Load() == nil { // nobody knows yet what is needed
		select {
		case <-term.Done():
			return
		case <-m.wake:
		}
	}
	for again := m.newBackoff(); term.Err() == nil; again.wait(term) {
		begin, end := time.Now(), attempts.begin()
		// The watch below would try again on its own, but without saying why,
		// and up to a minute later.
		err := m.probe(term)
		if err == nil {
			m.metrics.noDefinitions.Set(0)
			if missing {
				m.log.Info("the API server knows EnvoyFilters now")
				missing, attempts.last = false, nil // if they go again, that is news
			}
			err = k.keep(term)
		}
		if time.Since(begin) > m.times.maxBackoff {
			again = m.newBackoff()
		}
		if err != nil {
			if noDefinitions(err) {
				missing = true
				m.metrics.noDefinitions.Set(1)
				m.metrics.count(nil)
			}
			attempts.failed(term, opRead, "envoyfilters", err)
		}
		end()
	}
}

// probe asks for one object, for the answer that it is not possible.
func (m *Manager) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(networking.SchemeGroupVersion.WithKind("EnvoyFilterList"))
	return m.client.List(ctx, list, client.MatchingLabelsSelector{Selector: ours}, client.Limit(1))
}

// keep watches, and does what is to be done after every change, until ctx ends or
// objects can no longer be read or written at all.
func (k *keeper) keep(ctx context.Context) (err error) {
	defer survive(&err)
	ctx, stop := context.WithCancelCause(ctx)
	var tasks background.Tasks
	defer tasks.Wait()
	defer stop(nil)
	objects, err := cache.New(k.config, cache.Options{
		Scheme: k.scheme, Mapper: k.mapper, ReaderFailOnMissingInformer: true,
		ByObject: map[client.Object]cache.ByObject{&networking.EnvoyFilter{}: {Label: ours}},
		DefaultWatchErrorHandler: func(_ context.Context, _ *toolscache.Reflector, err error) {
			if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
				stop(err)
				return
			}
			k.log.V(1).Info("watch ended, starting it again", "cause", err.Error())
		},
	})
	if err != nil {
		return fmt.Errorf("cannot watch EnvoyFilters: %w", err)
	}
	informer, err := objects.GetInformer(ctx, &networking.EnvoyFilter{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("cannot watch EnvoyFilters: %w", err)
	}
	if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { k.awake() },
		UpdateFunc: func(any, any) { k.awake() },
		DeleteFunc: func(any) { k.awake() },
	}); err != nil {
		return fmt.Errorf("cannot watch EnvoyFilters: %w", err)
	}
	tasks.Go(func() {
		if err := objects.Start(ctx); err != nil {
			stop(err)
		}
	})
	if !objects.WaitForCacheSync(ctx) {
		return context.Cause(ctx)
	}
	for again := k.newBackoff(); ; {
		next, failed, err := k.pass(ctx, objects)
		switch {
		case err != nil:
			return err
		case failed:
			next = min(next, again.after())
		default:
			again = k.newBackoff()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-k.wake:
		case <-time.After(next):
		}
	}
}

// survive turns a panic into an error.
func survive(err *error) {
	if caught := recover(); caught != nil {
		*err = fmt.Errorf("%w: %v\n%s", errPanic, caught, debug.Stack())
	}
}
