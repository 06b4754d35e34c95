package certificates_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/webhook"
)

// program is a process of the built program, in place of a pod: it can be killed.
type program struct {
	*replica
	command *exec.Cmd
}

// launch starts a process with --self-signed as holdfast's service account.
func launch(t *testing.T, binary, kubeconfig, rulesFile string) *program {
	t.Helper()
	free, err := cluster.FreeAddresses(3)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free[0])
	p := &program{replica: &replica{Addresses: webhook.Addresses{Webhook: free[0], Metrics: free[1], Health: free[2]}}}
	p.command = exec.Command(binary, "webhook", "--self-signed", "--rules-file="+rulesFile, "--kubeconfig="+kubeconfig, "--bind-address=127.0.0.1",
		"--port="+port, "--metrics-bind-address="+free[1], "--health-probe-bind-address="+free[2])
	p.command.Env = append(os.Environ(), "POD_NAMESPACE="+namespace) // the Service's, where no flag says another
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	p.stop = sync.OnceFunc(func() { _ = p.command.Process.Kill(); _ = p.command.Wait() })
	t.Cleanup(p.stop)
	shared.gate.add(p.replica)
	return p
}

// The program that users run: from an empty Secret to patched pods, and then a storm of
// pods while one replica after the other is killed and replaced. No pod fails. Those
// that a killed replica was just asked about stay unpatched, no others.
// STORM=10000 makes it as large as that.
func TestStorm(t *testing.T) {
	pods := 300
	if text := os.Getenv("STORM"); text != "" {
		var err error
		if pods, err = strconv.Atoi(text); err != nil {
			t.Fatalf("got STORM=%q, want a number of pods", text)
		}
	}
	reset(t)
	dir := t.TempDir()
	rulesFile := filepath.Join(dir, "rules.yaml")
	binary, err := cluster.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rulesFile, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := shared.Kubeconfig(dir, "system:serviceaccount:"+namespace+":holdfast", "system:serviceaccounts", "system:authenticated")
	if err != nil {
		t.Fatal(err)
	}
	var replicas [3]*program
	for i := range replicas {
		replicas[i] = launch(t, binary, kubeconfig, rulesFile)
	}
	for _, r := range replicas {
		areReady(t, []*replica{r.replica})
	}
	const workers, kills = 8, 6
	var asked, unpatched atomic.Int64
	failures := make(chan error, pods)
	var tasks sync.WaitGroup
	for range workers {
		tasks.Go(func() {
			for asked.Add(1) <= int64(pods) {
				switch patched, err := create(context.Background()); {
				case err != nil:
					failures <- err
				case !patched:
					unpatched.Add(1)
				}
			}
		})
	}
	for k := range kills {
		eventually(t, "the next part of the storm", func() (bool, string) {
			n := asked.Load()
			return n > int64(pods*(k+1)/(kills+2)), fmt.Sprint(n)
		})
		victim := &replicas[k%len(replicas)]
		(*victim).stop()
		*victim = launch(t, binary, kubeconfig, rulesFile)
		areReady(t, []*replica{(*victim).replica})
	}
	tasks.Wait()
	close(failures)
	if n := len(failures); n > 0 {
		t.Errorf("%d of %d pods failed, the first: %v", n, pods, <-failures)
	}
	t.Logf("%d pods, %d of them unpatched", pods, unpatched.Load())
	if got := unpatched.Load(); got > kills*workers {
		t.Errorf("got %d unpatched pods, want at most the %d that can have been under way", got, kills*workers)
	}
	for range 50 {
		if patched, err := create(t.Context()); err != nil || !patched {
			t.Fatalf("after the storm: got patched %v, error %v", patched, err)
		}
	}
	if got := inSecret(t); len(got) != 1 {
		t.Errorf("got %d authorities, want the one of the beginning", len(got))
	}
	if metrics := replicas[0].metrics(); !strings.Contains(metrics, "\nholdfast_certificate_trusted 1\n") {
		t.Error("a replica says that it is not trusted")
	}
}
