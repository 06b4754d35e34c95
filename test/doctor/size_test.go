package doctor

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespaces of more than one page are all seen, and pods are tried in a few of them,
// which is said.
func TestManyNamespaces(t *testing.T) {
	const many = 520 // a page has 500
	all := make([]*corev1.Namespace, many)
	var running sync.WaitGroup
	share := func(f func(n *corev1.Namespace) error) {
		for worker := range 8 {
			running.Go(func() {
				for i := worker; i < many; i += 8 {
					if err := f(all[i]); err != nil {
						t.Error(err)
					}
				}
			})
		}
		running.Wait()
	}
	for i := range all {
		all[i] = namespaceOf(fmt.Sprintf("many-%03d", i), "holdfast.dev/enabled", "true", "istio-injection", "enabled")
	}
	all[many-1].Name = "zz-last"
	all[many-1].Labels = map[string]string{"holdfast.dev/enabled": "yes"}
	share(func(n *corev1.Namespace) error { return shared.client.Create(t.Context(), n) })
	t.Cleanup(func() {
		share(func(n *corev1.Namespace) error {
			there := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n.Name, ResourceVersion: n.ResourceVersion}}
			return shared.client.Update(ctx(), there)
		})
	})
	report, code := diagnose(t, shared.kubeconfig, "--only", "namespaces,reachability")
	if code != 0 || !slices.Equal(codes(&report), []string{"OptInUnknown"}) {
		t.Errorf("got exit code %d and %s", code, pretty(&report))
	}
	want := []string{"reachability: dry-run pods in 493 of 523 opted-in namespaces: only the first 30 are tried; -n NAMESPACE tries one"}
	if got := unseen(&report); !slices.Equal(got, want) {
		t.Errorf("got not checked %q, want %q", got, want)
	}
}

// A cluster that takes the connection and says nothing does not keep anybody who has
// had enough.
func TestInterrupt(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), shared.binary, "doctor", "--kubeconfig", os.DevNull, "--server", "http://"+silent.Addr().String())
	command.Stderr = &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	connection, err := silent.Accept() // so it waits for an answer by now
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != 2 || !strings.Contains(stderr.String(), "interrupted before all was looked at") {
		t.Errorf("got exit code %d and %q", code, stderr.String())
	}
}
