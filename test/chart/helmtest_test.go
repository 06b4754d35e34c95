package chart

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// 'helm test' succeeds while holdfast answers and fails when it does not, with the rights that
// the test's own account has; afterwards these are gone.
func TestHelmTest(t *testing.T) {
	namespaces(t, map[string]string{"holdfast.dev/enabled": "true"}, "shop")
	namespaces(t, nil, cluster.Namespace, "istio-system")
	must(t, "helm", append([]string{"install", "holdfast", cluster.Chart(), "-n", cluster.Namespace}, rulesFile(t)...)...)
	t.Cleanup(func() { uninstall(t) })
	running := newPods(t, cluster.Namespace)
	running.start(t, 1)
	running.wait(t)
	awaitPatched(t, "shop")
	for _, reached := range []bool{true, false} {
		if !reached {
			running.stop(1)
		}
		said := runTestPod(t)
		_, err := run(t, "helm", "test", "holdfast", "-n", cluster.Namespace, "--timeout=30s")
		if text := <-said; (err == nil) != reached || !reached && !strings.Contains(text, "shop") || strings.Contains(text, "forbidden") {
			t.Errorf("reached %t: got error %v of helm, and the pod said:\n%s", reached, err, text)
		}
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace}}
		for _, object := range []client.Object{account, &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleBinding{}} {
			object.SetName("holdfast-test")
			if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); !apierrors.IsNotFound(err) {
				t.Errorf("reached %t: %T holdfast-test is still there (%v)", reached, object, err)
			}
		}
	}
	must(t, "kubectl", "-n", cluster.Namespace, "delete", "pod", "holdfast-test", "--force", "--ignore-not-found")
}

// runTestPod runs the pod of 'helm test' as a process as soon as it is there, in place of a
// kubelet, and sends what it said.
func runTestPod(t *testing.T) <-chan string {
	t.Helper()
	said := make(chan string, 1)
	account, err := shared.Kubeconfig(t.TempDir(), "system:serviceaccount:"+cluster.Namespace+":holdfast-test", "system:authenticated")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "holdfast-test"}}
		for shared.Client.Get(t.Context(), client.ObjectKeyFromObject(pod), pod) != nil || pod.Status.Phase != corev1.PodPending {
			if t.Context().Err() != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		command := exec.Command(shared.binary, pod.Spec.Containers[0].Args...)
		command.Env = []string{"KUBECONFIG=" + account}
		output, err := command.CombinedOutput()
		pod.Status.Phase = corev1.PodSucceeded
		if err != nil {
			pod.Status.Phase = corev1.PodFailed
		}
		if err := shared.Client.Status().Update(t.Context(), pod); err != nil {
			t.Error(err)
		}
		said <- string(output)
	}()
	return said
}
