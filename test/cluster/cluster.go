// Package cluster runs a real kube-apiserver and etcd on loopback and installs
// holdfast on it the way users do, for end-to-end tests and demonstrations.
package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Root is the repository's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Assets is the folder of the control plane: KUBEBUILDER_ASSETS, or bin/kube
// where 'make tools' puts it.
func Assets() string {
	if assets := os.Getenv("KUBEBUILDER_ASSETS"); assets != "" {
		return assets
	}
	return filepath.Join(Root(), "bin", "kube")
}

// Cluster is a running API server.
type Cluster struct {
	Config *rest.Config  // of an administrator
	Client client.Client // of an administrator; typed and unstructured objects
	env    *envtest.Environment
}

// Start runs the etcd and kube-apiserver of Assets. configure, if not nil, may
// change the environment before it starts.
func Start(configure func(*envtest.Environment)) (*Cluster, error) {
	assets := Assets()
	for _, name := range []string{"kube-apiserver", "etcd"} {
		if _, err := os.Stat(filepath.Join(assets, name)); err != nil {
			return nil, fmt.Errorf("no %s in %s: run 'make tools' first, or set KUBEBUILDER_ASSETS", name, assets)
		}
	}
	env := &envtest.Environment{
		BinaryAssetsDirectory:    assets,
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	if configure != nil {
		configure(env)
	}
	config, err := env.Start()
	if err != nil {
		return nil, fmt.Errorf("starting kube-apiserver and etcd: %w", err)
	}
	// Tests create pods by the hundred; the client's own throttle would be
	// what is measured.
	config.QPS, config.Burst = -1, 0
	c, err := client.New(config, client.Options{})
	if err != nil {
		_ = env.Stop()
		return nil, err
	}
	return &Cluster{Config: config, Client: c, env: env}, nil
}

// Stop ends the API server and etcd.
func (c *Cluster) Stop() error { return c.env.Stop() }

// Kubeconfig writes a kubeconfig for a user into dir and returns its path. A
// service account is the user "system:serviceaccount:NAMESPACE:NAME": it gets
// exactly what its RBAC rules give it.
func (c *Cluster) Kubeconfig(dir, user string, groups ...string) (string, error) {
	added, err := c.env.AddUser(envtest.User{Name: user, Groups: groups}, nil)
	if err != nil {
		return "", err
	}
	data, err := added.KubeConfig()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "kubeconfig")
	return path, os.WriteFile(path, data, 0o600)
}
