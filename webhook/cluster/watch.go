package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// What is watched, as readiness, metric and log call it.
const (
	watchNamespaces       = "namespaces"
	watchRules            = "rules"
	watchIstioSettings    = "istio_settings"
	watchIstioTags        = "istio_tags"
	watchIstioMeshObjects = "istio_mesh_objects"
	watchCertificates     = "certificates"
	watchConfigMaps       = "configmaps"
)

// Watched returns the names of all that may be watched.
func Watched() []string {
	return []string{watchNamespaces, watchRules, watchIstioSettings, watchIstioTags, watchIstioMeshObjects, watchCertificates, watchConfigMaps}
}

// watch is the state of one kind of watched object.
type watch struct {
	what   string
	synced func() bool // all that was there at the start has been told
}

// wait returns true when everything has been read, false if ctx ends before.
func (w *watch) wait(ctx context.Context) bool {
	return toolscache.WaitForCacheSync(ctx.Done(), toolscache.InformerSynced(w.synced))
}

// check is the readiness check.
func (w *watch) check() error {
	if w.synced() {
		return nil
	}
	return fmt.Errorf("%s not read from the cluster yet; see the log for the cause", w.what)
}

// newCache makes a cache of exactly the given objects; failed is told when one of
// its watches fails.
func (c *Cluster) newCache(objects map[client.Object]cache.ByObject, failed toolscache.WatchErrorHandlerWithContext) (cache.Cache, error) {
	return cache.New(c.config, cache.Options{
		HTTPClient: c.http, Scheme: c.scheme, Mapper: newMapper(), ByObject: objects,
		ReaderFailOnMissingInformer: true,
		DefaultWatchErrorHandler:    failed,
	})
}

// inNamespace restricts a cache to one namespace: its requests go to that
// namespace, so a Role there suffices. The cache's own way, a map of
// namespaces, leaves goroutines behind when it ends before it has synced.
// Source: https://github.com/kubernetes-sigs/controller-runtime/blob/v0.25.2/pkg/cache/internal/informers.go (restrictNamespaceBySelector)
func inNamespace(name string) fields.Selector {
	return fields.OneTermEqualSelector("metadata.namespace", name)
}

// follow calls set with every version of every object of one kind, and gone
// with the last version of one that was deleted, as the cache keeps them.
func follow[O any](ctx context.Context, from cache.Cache, object client.Object, what string, set, gone func(O)) (*watch, error) {
	informer, err := from.GetInformer(ctx, object, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("cannot watch %s: %w", what, err)
	}
	registration, err := informer.AddEventHandler(eventHandler(set, gone))
	if err != nil {
		return nil, fmt.Errorf("cannot watch %s: %w", what, err)
	}
	return &watch{what: what, synced: registration.HasSynced}, nil
}

func eventHandler[O any](set, gone func(O)) toolscache.ResourceEventHandler {
	call := func(f func(O), object any) {
		if o, ok := object.(O); ok {
			f(o)
		}
	}
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { call(set, object) },
		UpdateFunc: func(_, object any) { call(set, object) },
		DeleteFunc: func(object any) {
			// What an informer says of a deletion that it did not see.
			if unseen, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
				object = unseen.Obj
			}
			call(gone, object)
		},
	}
}

// run starts a cache, and tells when its watches have synced.
func (c *Cluster) run(ctx context.Context, tasks *background.Tasks, objects cache.Cache, watches []*watch) {
	tasks.Go(func() {
		if err := objects.Start(ctx); err != nil && ctx.Err() == nil {
			c.log.Error(err, "watching the cluster ended")
		}
	})
	for _, w := range watches {
		tasks.Go(func() {
			if w.wait(ctx) {
				c.synced(w.what, true)
				c.log.Info("read from the cluster", "what", w.what)
			}
		})
	}
}

// watchError says once per attempt why something cannot be watched. client-go
// tries again, at most every 30-60 s.
func (c *Cluster) watchError(ctx context.Context, r *toolscache.Reflector, err error) {
	c.failed(ctx, r.TypeDescription(), err)
}

// failed says in the log why something cannot be read or watched.
func (c *Cluster) failed(ctx context.Context, what string, err error) {
	fields := []any{"type", what, "cause", clip.Text(err.Error(), 500)}
	switch {
	case ctx.Err() != nil: // the end of this process, or of watching one root namespace
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), apierrors.IsResourceExpired(err), apierrors.IsGone(err):
		c.log.V(1).Info("watch ended, starting it again", fields...)
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		c.log.Error(nil, "not allowed to watch, going on with what is known; compare the RBAC rules with those that holdfast ships", fields...)
	default:
		c.log.Error(nil, "watch failed, going on with what is known and trying again", fields...)
	}
}
