package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/rules"
)

// What is watched, as the label of holdfast_cluster_synced and in the log.
const (
	watchNamespaces    = "namespaces"
	watchRules         = "rules"
	watchIstioSettings = "istio_settings"
	watchIstioTags     = "istio_tags"
)

// watchedCluster is an admission.Cluster that follows a real one through watches. When
// the API server is away it goes on with what it knows.
type watchedCluster struct {
	namespaces namespaceIndex
	mesh       meshIndex

	config  *rest.Config
	http    *http.Client
	scheme  *runtime.Scheme
	metrics *metrics
	log     logr.Logger
}

func newWatchedCluster(config *rest.Config, m *metrics, log logr.Logger) (*watchedCluster, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	config.UserAgent = userAgent
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &reconnect{next: next, log: log} })
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for %s: %w", config.Host, err)
	}
	c := &watchedCluster{config: config, http: httpClient, scheme: scheme, metrics: m, log: log}
	c.mesh.log = log
	return c, nil
}

// Namespace returns what is known of a namespace.
func (c *watchedCluster) Namespace(name string) rules.Namespace { return c.namespaces.get(name) }

// Mesh returns what Istio says for a revision or tag, or nil.
func (c *watchedCluster) Mesh(revision string) *rules.MeshDefaults { return c.mesh.get(revision) }

// client writes to the cluster; it reads nothing.
func (c *watchedCluster) client() (client.Client, error) {
	return client.New(c.config, client.Options{HTTPClient: c.http, Scheme: c.scheme, Mapper: newMapper()})
}

// newCache makes a cache of exactly the given objects.
func (c *watchedCluster) newCache(objects map[client.Object]cache.ByObject) (cache.Cache, error) {
	return cache.New(c.config, cache.Options{
		HTTPClient: c.http, Scheme: c.scheme, Mapper: newMapper(), ByObject: objects,
		ReaderFailOnMissingInformer: true,
		DefaultWatchErrorHandler:    c.watchError,
	})
}

// inNamespace restricts a cache to one namespace: its requests go to that
// namespace, so a Role there suffices. The cache's own way, a map of
// namespaces, leaves goroutines behind when it ends before it has synced.
// Source: https://github.com/kubernetes-sigs/controller-runtime/blob/v0.25.2/pkg/cache/internal/informers.go (restrictNamespaceBySelector)
func inNamespace(name string) fields.Selector {
	return fields.OneTermEqualSelector("metadata.namespace", name)
}

// watchError says once per attempt why something cannot be watched. client-go
// tries again, at most every 30-60 s.
func (c *watchedCluster) watchError(ctx context.Context, r *toolscache.Reflector, err error) {
	fields := []any{"type", r.TypeDescription(), "cause", clip.Text(err.Error(), 500)}
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

// follow feeds the events of one kind of object to a handler. The watch says
// when all that was there at the start has been handled.
func (c *watchedCluster) follow(ctx context.Context, from cache.Cache, object client.Object, what string, handler toolscache.ResourceEventHandler) (*watch, error) {
	informer, err := from.GetInformer(ctx, object, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("cannot watch %s: %w", what, err)
	}
	registration, err := informer.AddEventHandler(handler)
	if err != nil {
		return nil, fmt.Errorf("cannot watch %s: %w", what, err)
	}
	return &watch{what: what, synced: registration.HasSynced}, nil
}

// watch is the state of one kind of watched object.
type watch struct {
	what   string
	synced func() bool
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

// watchCore follows namespaces, and the rules ConfigMap if there is one.
func (c *watchedCluster) watchCore(ctx context.Context, tasks *sync.WaitGroup, source *configMapSource) ([]*watch, error) {
	objects := namespaceCache()
	if source != nil {
		objects[&corev1.ConfigMap{}] = source.selector()
	}
	core, err := c.newCache(objects)
	if err != nil {
		return nil, err
	}
	namespaces, err := c.follow(ctx, core, namespaceObject(), watchNamespaces, c.namespaces.handler())
	if err != nil {
		return nil, err
	}
	watches := []*watch{namespaces}
	if source != nil {
		config, err := c.follow(ctx, core, &corev1.ConfigMap{}, watchRules, source.handler())
		if err != nil {
			return nil, err
		}
		watches = append(watches, config)
		tasks.Go(func() {
			if config.wait(ctx) {
				source.synced()
			}
		})
	}
	c.run(ctx, tasks, core, watches)
	return watches, nil
}

// run starts a cache and keeps the metric of its watches.
func (c *watchedCluster) run(ctx context.Context, tasks *sync.WaitGroup, objects cache.Cache, watches []*watch) {
	tasks.Go(func() {
		if err := objects.Start(ctx); err != nil && ctx.Err() == nil {
			c.log.Error(err, "watching the cluster ended")
		}
	})
	for _, w := range watches {
		tasks.Go(func() {
			if w.wait(ctx) {
				c.metrics.setSynced(w.what, true)
				c.log.Info("read from the cluster", "what", w.what)
			}
		})
	}
}
