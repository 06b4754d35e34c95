package attacks

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/reviews"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// program is a running 'holdfast webhook' without a cluster.
type program struct {
	webhook  string // host:port
	metrics  string // URL
	log      string // file
	good     *http.Client
	attacker *http.Client
	pid      int
	limit    int64 // of memory, in bytes
}

func exampleRules() string {
	return filepath.Join(cluster.Root(), "deploy", "examples", "rules.yaml")
}

// startProgram builds the program, and runs it with a rules file and the
// Deployment's settings until the test ends.
func startProgram(t *testing.T, rules string) *program {
	t.Helper()
	dir := t.TempDir()
	binary, err := cluster.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.Write(dir); err != nil {
		t.Fatal(err)
	}
	addresses, err := cluster.FreeAddresses(3)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{webhook: addresses[0], metrics: "http://" + addresses[2] + "/metrics", log: filepath.Join(dir, "log"), good: authority.Client()}
	p.attacker = &http.Client{Transport: &http.Transport{DialContext: foreign.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 100}}
	log, err := os.Create(p.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command := exec.Command(binary, "webhook", "--rules-file="+rules, "--cert-dir="+dir,
		"--bind-address=127.0.0.1", "--port="+addresses[0][len("127.0.0.1:"):], "--health-probe-bind-address="+addresses[1], "--metrics-bind-address="+addresses[2], "--drain=0s")
	container, err := cluster.Deployed()
	if err != nil {
		t.Fatal(err)
	}
	command.Env = append(append(os.Environ(), "KUBECONFIG="), cluster.Environment(&container)...)
	p.limit = container.Resources.Limits.Memory().Value()
	command.Stderr = log
	t.Logf("held to %d MiB by %s", p.limit>>20, bounded(t, command, p.limit))
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = command.Process.Pid
	t.Cleanup(func() {
		p.good.CloseIdleConnections()
		p.attacker.CloseIdleConnections()
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			text, _ := os.ReadFile(p.log)
			t.Errorf("the program ended with %v:\n%s", err, text[max(0, len(text)-4000):])
		}
	})
	for range 500 {
		if response, err := http.Get("http://" + addresses[1] + "/readyz"); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return p
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the program is not ready within 10 s")
	return nil
}

// ask sends the review of a usual pod, as an API server does.
func (p *program) ask() (took time.Duration, err error) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart"}}
	pod.Spec.Containers = []corev1.Container{{Name: "cart", Env: []corev1.EnvVar{{Name: "REDIS_URL", Value: "redis://r.example.com:6379"}}}}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	begin := time.Now()
	answer, err := reviews.Send(ctx, p.good, "https://"+p.webhook+admission.MutatePodsPath, pod)
	if err == nil && (!answer.Allowed || answer.AuditAnnotations["reason"] == "") {
		err = fmt.Errorf("got %+v, want it allowed with a reason", answer)
	}
	return time.Since(begin), err
}

// peak is the most memory that the program has had in use, in bytes: what counts
// against the limit of its container.
func (p *program) peak(t *testing.T) int64 {
	t.Helper()
	peak, err := cluster.Memory(p.pid, "VmHWM")
	if err != nil {
		t.Fatal(err)
	}
	return peak
}
