package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// The real controllers create a Deployment's pods, with generateName and
// without anybody who reads warnings.
func TestDeploymentsPods(t *testing.T) {
	setRules(t, redisRules)
	startControllers(t)
	namespace := newNamespace(t, optedIn)
	template := newPod(namespace)
	replicas := int32(3)
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cart"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: template.Labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: template.Labels}, Spec: template.Spec},
		},
	}
	if err := shared.cluster.Client.Create(t.Context(), deployment); err != nil {
		t.Fatal(err)
	}
	var pods corev1.PodList
	eventually(t, "three pods of the Deployment", func() (bool, string) {
		err := shared.cluster.Client.List(t.Context(), &pods, client.InNamespace(namespace))
		return len(pods.Items) == 3, fmt.Sprintf("%d pods, %v", len(pods.Items), err)
	})
	for i := range pods.Items {
		if !patched(&pods.Items[i]) {
			t.Errorf("pod %s is not patched: %v", pods.Items[i].Name, pods.Items[i].Annotations)
		}
	}
	var stored appsv1.Deployment
	if err := shared.cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(deployment), &stored); err != nil {
		t.Fatal(err)
	}
	if len(stored.Spec.Template.Annotations) != 0 {
		t.Errorf("the Deployment's own template must stay as it was, got %v", stored.Spec.Template.Annotations)
	}
}

// startControllers runs kube-controller-manager with the two controllers that
// turn a Deployment into pods.
func startControllers(t *testing.T) {
	t.Helper()
	program := filepath.Join(cluster.Assets(), "kube-controller-manager")
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("no kube-controller-manager in %s, folders of envtest lack it: unset KUBEBUILDER_ASSETS, and 'make tools' builds it", cluster.Assets())
	}
	kubeconfig, err := shared.cluster.Kubeconfig(t.TempDir(), "system:kube-controller-manager", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	addresses, err := cluster.FreeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	port := addresses[0][len("127.0.0.1:"):]
	command := exec.Command(program,
		"--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
		"--controllers=deployment-controller,replicaset-controller",
		"--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port="+port, "--cert-dir="+t.TempDir())
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		exited := make(chan struct{})
		go func() { _ = command.Wait(); close(exited) }()
		select {
		case <-exited:
		case <-time.After(10 * time.Second):
			_ = command.Process.Kill()
			<-exited
		}
	})
}
