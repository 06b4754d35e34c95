package mesh

import (
	"context"
	"path/filepath"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// InstallMeshObjects applies the chart's mesh object, as users do before the first rule that needs it,
// and returns the objects' undo. istiod serves them a moment later.
func (m *Mesh) InstallMeshObjects(ctx context.Context) (remove func(context.Context) error, err error) {
	objects, err := cluster.ReadObjects(filepath.Join(cluster.Chart(), "files", "mesh.yaml"))
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if err := m.cluster.Apply(ctx, object); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		for _, object := range objects {
			if err := m.Client.Delete(ctx, object); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
