package webhook

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// istioGrace is how long readiness waits for Istio's settings. A pod decided
// without them can lose exclusions that Istio was installed with, so a moment
// of waiting is worth it; but an Istio whose settings cannot be read must not
// keep holdfast from serving.
const istioGrace = 10 * time.Second

// istioWatcher follows the settings of Istio in its root namespace, and moves
// when the rules name another one.
type istioWatcher struct {
	cluster *watchedCluster
	root    chan string // newest root namespace, capacity 1
	started atomic.Pointer[time.Time]
	watches atomic.Pointer[[]*watch]
}

func newIstioWatcher(c *watchedCluster) *istioWatcher {
	return &istioWatcher{cluster: c, root: make(chan string, 1)}
}

// follow takes the root namespace from the rules in force.
func (i *istioWatcher) follow(current *admission.Current) {
	root := current.Set.File().Mesh.RootNamespace
	if root == "" {
		root = defaultRootNamespace
	}
	select { // only the newest counts
	case <-i.root:
	default:
	}
	i.root <- root
}

// run watches until ctx ends.
func (i *istioWatcher) run(ctx context.Context) {
	running, stop := "", func() {}
	defer func() { stop() }()
	for {
		select {
		case <-ctx.Done():
			return
		case root := <-i.root:
			if root == running {
				continue
			}
			stop()
			running, stop = root, i.start(ctx, root)
		}
	}
}

// start watches one root namespace until the returned function is called.
func (i *istioWatcher) start(ctx context.Context, root string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	stop = func() { cancel(); tasks.Wait() }
	c := i.cluster
	log := c.log.WithValues("rootNamespace", root)
	now := time.Now()
	i.started.CompareAndSwap(nil, &now)
	c.metrics.setSynced(watchIstioSettings, false)
	c.metrics.setSynced(watchIstioTags, false)
	watches, err := i.watch(ctx, &tasks, root)
	if err != nil {
		log.Error(err, "cannot watch Istio's settings; the mesh section of the rules counts")
		watches = nil
	}
	i.watches.Store(&watches)
	tasks.Go(func() {
		late := time.NewTimer(istioGrace)
		defer late.Stop()
		select {
		case <-ctx.Done():
			return
		case <-late.C:
		}
		for _, w := range watches {
			if !w.synced() {
				log.Error(nil, "cannot read Istio's settings; the mesh section of the rules counts until they can be read", "what", w.what)
			}
		}
	})
	return stop
}

func (i *istioWatcher) watch(ctx context.Context, tasks *sync.WaitGroup, root string) ([]*watch, error) {
	c := i.cluster
	objects, err := c.newCache(meshCache(root))
	if err != nil {
		return nil, err
	}
	c.mesh.reset()
	settings, err := c.follow(ctx, objects, &corev1.ConfigMap{}, watchIstioSettings, c.mesh.settingsHandler())
	if err != nil {
		return nil, err
	}
	tags, err := c.follow(ctx, objects, tagObject(), watchIstioTags, c.mesh.tagHandler())
	if err != nil {
		return nil, err
	}
	watches := []*watch{settings, tags}
	c.run(ctx, tasks, objects, watches)
	return watches, nil
}

// check is the readiness check: it fails for istioGrace at most.
func (i *istioWatcher) check() error {
	started := i.started.Load()
	if started == nil {
		return nil // no rules yet, which is a check of its own
	}
	if time.Since(*started) > istioGrace {
		return nil
	}
	watches := i.watches.Load()
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
