package cluster

import (
	"context"
	"sync"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// meshObjects are the EnvoyFilters of one root namespace, by name. Until all
// have been read once, none is known to be missing.
type meshObjects struct {
	names    sync.Map // like namespaceIndex
	complete atomic.Bool
}

func (m *meshObjects) set(l *labelled)    { m.names.Store(l.name, nil) }
func (m *meshObjects) remove(l *labelled) { m.names.Delete(l.name) }

func (m *meshObjects) missing(name string) bool {
	if m == nil || !m.complete.Load() {
		return false
	}
	_, there := m.names.Load(name)
	return !there
}

// watchMeshObjects watches them until ctx ends. They are for warnings only: an
// Istio without these definitions, or a role without this right, is told once
// in the log, and neither readiness nor another watch waits for them.
func (c *Cluster) watchMeshObjects(ctx context.Context, tasks *background.Tasks, root string) error {
	// All of them and not those with holdfast's labels: what counts for a pod is
	// the name, and tools that apply manifests may have labels of their own.
	objects := map[client.Object]cache.ByObject{metadataOf(envoyFilterKind): {Field: inNamespace(root), Transform: keepLabels}}
	from, err := c.newCache(objects, c.meshObjectsError())
	if err != nil {
		return err
	}
	known := &meshObjects{}
	watched, err := follow(ctx, from, metadataOf(envoyFilterKind), watchIstioMeshObjects, known.set, known.remove)
	if err != nil {
		return err
	}
	c.mesh.Store(known)
	c.run(ctx, tasks, from, []*watch{watched})
	tasks.Go(func() {
		if watched.wait(ctx) {
			known.complete.Store(true)
		}
	})
	return nil
}

// meshObjectsError says the first refusal in the log, and leaves everything
// else to watchError.
func (c *Cluster) meshObjectsError() toolscache.WatchErrorHandlerWithContext {
	var said atomic.Bool
	return func(ctx context.Context, r *toolscache.Reflector, err error) {
		if !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
			c.watchError(ctx, r, err)
			return
		}
		if ctx.Err() == nil && said.CompareAndSwap(false, true) {
			c.log.Info("cannot read the EnvoyFilters of Istio's root namespace, so nobody is warned when one is missing; trying again from time to time",
				"cause", clip.Text(err.Error(), 500))
		}
	}
}
