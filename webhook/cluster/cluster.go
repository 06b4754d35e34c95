package cluster

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

const userAgent = "holdfast"

// Cluster is a cluster as far as its watches tell.
type Cluster struct {
	namespaces namespaceIndex
	settings   settingsIndex
	istio      istioWatches
	mesh       atomic.Pointer[meshObjects] // of the root namespace now followed
	configMaps *configMapsWatch            // nil: nobody reads them

	revisions []string // of Istio, empty: all that there are

	config *rest.Config
	http   *http.Client
	scheme *runtime.Scheme
	synced func(what string, synced bool)
	log    logr.Logger
}

// New makes a Cluster that watches nothing yet. Of revisions of Istio, if any are given,
// no others are read. synced is told when all objects
// of a kind, one of Watched, have been read, and when reading begins anew.
func New(config *rest.Config, revisions []string, log logr.Logger, synced func(what string, synced bool)) (*Cluster, error) {
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
	c := &Cluster{revisions: revisions, config: config, http: httpClient, scheme: scheme, synced: synced, log: log}
	c.settings.log = log
	c.istio.root = make(chan string, 1)
	return c, nil
}

// Namespace returns what is known of a namespace.
func (c *Cluster) Namespace(name string) rules.Namespace { return c.namespaces.get(name) }

// Mesh returns what Istio says for a revision or tag, or nil.
func (c *Cluster) Mesh(revision string) *rules.MeshDefaults { return c.settings.get(revision) }

// MeshObjectMissing reports whether the root namespace that FollowIstio named is
// known to have no EnvoyFilter of that name.
func (c *Cluster) MeshObjectMissing(name string) bool { return c.mesh.Load().missing(name) }

// ConfigMaps returns what is known of the ConfigMaps of a namespace, or nil if
// ReadConfigMaps was not called.
func (c *Cluster) ConfigMaps(namespace string) rules.ConfigMaps {
	if c.configMaps == nil {
		return nil
	}
	return c.configMaps.index.of(namespace)
}

// ReadConfigMaps makes Start watch the ConfigMaps of the namespaces that are opted in, or,
// with clusterWide, of all that are not opted out.
func (c *Cluster) ReadConfigMaps(clusterWide bool) (err error) {
	c.configMaps, err = c.newConfigMapsWatch(clusterWide)
	return err
}

// Client writes to the cluster; it reads nothing.
func (c *Cluster) Client() (client.Client, error) {
	return client.New(c.config, client.Options{HTTPClient: c.http, Scheme: c.scheme, Mapper: newMapper()})
}

// Follower is told of one ConfigMap.
type Follower interface {
	// Changed is called with the ConfigMap, if there is one at the start, and
	// with every later version of it.
	Changed(*corev1.ConfigMap)
	// Deleted is called with the last version.
	Deleted(*corev1.ConfigMap)
	// Synced is called when what was there at the start has been told.
	Synced()
}

// Check is a readiness check.
type Check struct {
	Name  string
	Err   func() error    // nil if ready
	Notes func() []string // what is wrong all the same; may be nil
}

// Start watches until ctx ends; tasks are then soon done. Nothing is asked of
// Istio before FollowIstio. The follower of the ConfigMap may be nil.
func (c *Cluster) Start(ctx context.Context, tasks *background.Tasks, configMap types.NamespacedName, follower Follower) ([]Check, error) {
	objects := map[client.Object]cache.ByObject{metadataOf(namespaceKind): {Transform: keepLabels}}
	if follower != nil {
		objects[&corev1.ConfigMap{}] = cache.ByObject{
			Field:     fields.AndSelectors(inNamespace(configMap.Namespace), fields.OneTermEqualSelector("metadata.name", configMap.Name)),
			Transform: cache.TransformStripManagedFields(),
		}
	}
	from, err := c.newCache(objects, c.watchError)
	if err != nil {
		return nil, err
	}
	namespaces, err := follow(ctx, from, metadataOf(namespaceKind), watchNamespaces, c.setNamespace, c.removeNamespace)
	if err != nil {
		return nil, err
	}
	watches := []*watch{namespaces}
	if follower != nil {
		config, err := follow(ctx, from, &corev1.ConfigMap{}, watchRules, follower.Changed, follower.Deleted)
		if err != nil {
			return nil, err
		}
		watches = append(watches, config)
		tasks.Go(func() {
			if config.wait(ctx) {
				follower.Synced()
			}
		})
	}
	c.run(ctx, tasks, from, watches)
	tasks.Go(func() { c.runIstio(ctx) })
	var checks []Check
	for _, w := range watches {
		checks = append(checks, Check{Name: w.what, Err: w.check})
	}
	if read := c.configMaps; read != nil {
		tasks.Go(func() {
			if namespaces.wait(ctx) {
				read.run(ctx, tasks)
			}
		})
		checks = append(checks, Check{watchConfigMaps, read.check, read.notes})
	}
	return append(checks, Check{Name: "istio", Err: c.istio.check}), nil
}
