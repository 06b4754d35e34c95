package mesh

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// startCluster starts etcd and kube-apiserver and makes the admin's client.
func (m *Mesh) startCluster() (err error) {
	if m.guard, err = startGuard(); err != nil {
		return err
	}
	m.stops = append(m.stops, m.guard.stop)
	err = m.guard.during(func() error {
		m.cluster, err = cluster.Start(nil)
		return err
	}, "etcd", "kube-apiserver")
	if err != nil {
		return err
	}
	m.stops = append(m.stops, m.cluster.Stop)
	m.Config = rest.CopyConfig(m.cluster.Config)
	m.Config.WarningHandlerWithContext = warningHandler{}
	if m.Client, err = client.New(m.Config, client.Options{}); err != nil {
		return err
	}
	m.Kubeconfig, err = m.cluster.Kubeconfig(m.Dir, "admin", "system:masters")
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
