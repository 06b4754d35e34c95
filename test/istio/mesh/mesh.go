package mesh

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"istio.io/istio/pkg/log"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Mesh is a running cluster with Istio in it.
type Mesh struct {
	// Dir holds logs and working files.
	Dir string
	// Config and Client act as the cluster's admin.
	Config *rest.Config
	Client client.Client
	// Kubeconfig is the path of a file with the admin's credentials.
	Kubeconfig string

	program string // path of istiod
	logf    func(string, ...any)
	cluster *cluster.Cluster
	guard   *guard
	ca      *certs.Authority
	stops   []func() error
	stopped sync.Once
	istiods map[string]*Istiod
}

// Start starts a mesh and returns when every part is ready. On an error
// everything that had been started is stopped again. ctx bounds the start
// only.
func Start(ctx context.Context, options Options) (_ *Mesh, err error) {
	m := &Mesh{logf: options.Logf, istiods: map[string]*Istiod{}}
	if m.logf == nil {
		m.logf = func(string, ...any) {}
	}
	if m.program, err = istiodProgram(); err != nil {
		return nil, err
	}
	if err := m.makeDir(options.Dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = m.Stop()
		}
	}()
	// Istio's packages log what they parse to standard output.
	if scope := log.FindScope(log.DefaultScopeName); scope != nil {
		scope.SetOutputLevel(log.ErrorLevel)
	}
	if m.ca, err = certs.NewAuthority(); err != nil {
		return nil, fmt.Errorf("making a certificate authority: %w", err)
	}
	m.logf("starting kube-apiserver and etcd")
	if err := m.startCluster(); err != nil {
		return nil, err
	}
	m.logf("installing Istio's custom resources")
	if err := m.installBase(ctx); err != nil {
		return nil, err
	}
	revisions := options.Revisions
	if len(revisions) == 0 {
		revisions = []Revision{{}}
	}
	for _, revision := range revisions {
		m.logf("starting istiod, revision %s", revision.label())
		if _, err := m.InstallRevision(ctx, revision); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Mesh) makeDir(dir string) (err error) {
	if dir != "" {
		m.Dir, err = filepath.Abs(dir)
		if err != nil {
			return err
		}
		return os.MkdirAll(m.Dir, 0o755)
	}
	if m.Dir, err = os.MkdirTemp("", "holdfast-mesh-"); err != nil {
		return err
	}
	m.stops = append(m.stops, func() error { return os.RemoveAll(m.Dir) })
	return nil
}

// Stop stops every process that the mesh started, newest first, and returns
// when they have ended. Further calls do nothing.
func (m *Mesh) Stop() error {
	var err error
	m.stopped.Do(func() { err = stopAll(m.stops) })
	return err
}

// Revision returns the control plane of a revision ("" is the default one), or
// nil.
func (m *Mesh) Revision(name string) *Istiod { return m.istiods[name] }
