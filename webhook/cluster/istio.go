package cluster

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// istioGrace is how long readiness waits for Istio's settings. A pod decided
// without them can lose exclusions that Istio was installed with, so a moment
// of waiting is worth it; but an Istio whose settings cannot be read must not
// keep holdfast from serving.
const istioGrace = 10 * time.Second

// istioWatches are the watches of one root namespace of Istio after the other.
type istioWatches struct {
	root    chan string // newest root namespace, capacity 1
	started atomic.Pointer[time.Time]
	current atomic.Pointer[[]*watch]
}

// FollowIstio reads the settings of the Istio with the given root namespace, ""
// for its default, in place of another's. It may be called before Start.
func (c *Cluster) FollowIstio(root string) {
	if root == "" {
		root = istio.DefaultRootNamespace
	}
	select { // only the newest counts
	case <-c.istio.root:
	default:
	}
	c.istio.root <- root
}

// runIstio watches until ctx ends.
func (c *Cluster) runIstio(ctx context.Context) {
	running, stop := "", func() {}
	defer func() { stop() }()
	for {
		select {
		case <-ctx.Done():
			return
		case root := <-c.istio.root:
			if root == running {
				continue
			}
			stop()
			running, stop = root, c.startIstio(ctx, root)
		}
	}
}

// startIstio watches one root namespace until the returned function is called.
func (c *Cluster) startIstio(ctx context.Context, root string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var tasks background.Tasks
	stop = func() { cancel(); tasks.Wait() }
	log := c.log.WithValues("rootNamespace", root)
	now := time.Now()
	c.istio.started.CompareAndSwap(nil, &now)
	c.synced(watchIstioSettings, false)
	c.synced(watchIstioTags, false)
	c.synced(watchIstioMeshObjects, false)
	watches, err := c.watchIstio(ctx, &tasks, root)
	if err != nil {
		log.Error(err, "cannot watch Istio's settings; the mesh section of the rules counts")
		watches = nil
	}
	c.istio.current.Store(&watches)
	c.mesh.Store(nil) // those of another root namespace say nothing
	if err := c.watchMeshObjects(ctx, &tasks, root); err != nil {
		log.Error(err, "cannot watch the EnvoyFilters of Istio's root namespace; nobody is warned when one is missing")
	}
	tasks.Go(func() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(istioGrace):
		}
		for _, w := range watches {
			if !w.synced() {
				log.Error(nil, "cannot read Istio's settings; the mesh section of the rules counts until they can be read", "what", w.what)
			}
		}
	})
	return stop
}

func (c *Cluster) watchIstio(ctx context.Context, tasks *background.Tasks, root string) ([]*watch, error) {
	c.settings.reset()
	settings := &watch{what: watchIstioSettings, synced: func() bool { return true }}
	for _, objects := range settingsObjects(root, c.revisions) {
		from, err := c.newCache(map[client.Object]cache.ByObject{&corev1.ConfigMap{}: objects}, c.watchError)
		if err != nil {
			return nil, err
		}
		one, err := follow(ctx, from, &corev1.ConfigMap{}, watchIstioSettings, c.settings.set, c.settings.remove)
		if err != nil {
			return nil, err
		}
		others := settings.synced
		settings.synced = func() bool { return others() && one.synced() }
		c.run(ctx, tasks, from, nil)
	}
	from, err := c.newCache(tagObjects(), c.watchError)
	if err != nil {
		return nil, err
	}
	tags, err := follow(ctx, from, metadataOf(webhookKind), watchIstioTags, c.settings.setTag, c.settings.removeTag)
	if err != nil {
		return nil, err
	}
	watches := []*watch{settings, tags}
	c.run(ctx, tasks, from, watches)
	return watches, nil
}

// check is the readiness check: it fails for istioGrace at most.
func (i *istioWatches) check() error {
	started := i.started.Load()
	if started == nil {
		return nil // no rules yet, which is a check of its own
	}
	if time.Since(*started) > istioGrace {
		return nil
	}
	watches := i.current.Load()
	if watches == nil {
		return fmt.Errorf("%s not read from the cluster yet", watchIstioSettings)
	}
	for _, w := range *watches {
		if err := w.check(); err != nil {
			return err
		}
	}
	return nil
}
