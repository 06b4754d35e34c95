package mesh

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// startCluster starts etcd and kube-apiserver and makes the admin's client.
func (m *Mesh) startCluster() error {
	env := &envtest.Environment{
		BinaryAssetsDirectory: filepath.Join(m.bin, "kube"),
		// envtest's 20 s are short when the machine compiles beside it.
		ControlPlaneStartTimeout: time.Minute,
		ControlPlaneStopTimeout:  20 * time.Second,
	}
	// Stopped after env.Stop, since stops run last one first.
	guard, err := startGuard("etcd", "kube-apiserver")
	if err != nil {
		return err
	}
	m.stops = append(m.stops, guard.stop, env.Stop)
	config, err := env.Start()
	guard.watched()
	if err != nil {
		return fmt.Errorf("starting the API server: %w", err)
	}
	m.env, m.Config = env, rest.CopyConfig(config)
	m.Config.WarningHandlerWithContext = warningHandler{}
	m.Kubeconfig = filepath.Join(m.Dir, "kubeconfig")
	if err := os.WriteFile(m.Kubeconfig, env.KubeConfig, 0o600); err != nil {
		return err
	}
	m.Client, err = client.New(m.Config, client.Options{})
	return err
}

// Namespace creates a namespace, or gives an existing one exactly these labels
// (besides those that the API server keeps).
func (m *Mesh) Namespace(ctx context.Context, name string, labels map[string]string) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	err := m.Client.Create(ctx, namespace)
	if client.IgnoreAlreadyExists(err) != nil {
		return err
	}
	if err == nil {
		return nil
	}
	if err := m.Client.Get(ctx, client.ObjectKeyFromObject(namespace), namespace); err != nil {
		return err
	}
	namespace.Labels = labels
	return m.Client.Update(ctx, namespace)
}

// CreatePod creates a pod as given, through every admission webhook, and
// returns it as stored, with the warnings that the API server passed on.
//
// A service account is filled in where there is none: without
// kube-controller-manager a namespace has no default one to be admitted with,
// and Istio's injection template needs a name.
func (m *Mesh) CreatePod(ctx context.Context, pod *corev1.Pod, options ...client.CreateOption) (*corev1.Pod, []string, error) {
	ctx, warnings := collectWarnings(ctx)
	created := pod.DeepCopy()
	if created.Spec.ServiceAccountName == "" {
		created.Spec.ServiceAccountName = "default"
	}
	err := m.Client.Create(ctx, created, options...)
	return created, warnings.all(), err
}
