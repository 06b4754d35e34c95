// Package doctor plants faults in a real cluster, one after the other, and asks the
// program what is wrong. The API server is real and so is holdfast; the definitions of
// Istio and cert-manager are their own. What cannot run here is stood in for: a kubelet
// that forwards ports of pods that are holdfast processes on this machine; istiod and
// its injectors, which are objects that nobody answers for; cert-manager, whose
// conditions are written by hand (test/chart asks about those that it writes itself).
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	networkingbeta "istio.io/client-go/pkg/apis/networking/v1beta1"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/kubelet"
)

// shared is what one run starts once.
var shared struct {
	cluster    *cluster.Cluster
	client     client.Client // knows the kinds of Istio and cert-manager
	holdfast   *cluster.Holdfast
	binary     string
	kubeconfig string // of an administrator
	auditLog   string

	mu       sync.Mutex
	replicas map[string]map[uint16]string // by pod and port: where it really listens
}

var eventually = cluster.Eventually

func TestMain(m *testing.M) { cluster.Main(m, "doctor", prepare) }

func prepare(dir string, after func(func() error)) (err error) {
	if shared.binary, err = cluster.Build(dir); err != nil {
		return err
	}
	if shared.cluster, err = startCluster(dir); err != nil {
		return err
	}
	after(shared.cluster.Stop)
	if shared.client, err = newClient(shared.cluster); err != nil {
		return err
	}
	if shared.kubeconfig, err = shared.cluster.Kubeconfig(dir, "admin", "system:masters"); err != nil {
		return err
	}
	ctx := context.Background()
	if shared.holdfast, err = shared.cluster.Install(ctx, cluster.HoldfastOptions{Binary: shared.binary, Change: mountSecret}); err != nil {
		return err
	}
	after(func() error { shared.holdfast.Stop(); return nil })
	node := kubelet.Start(dial)
	after(func() error { node.Close(); return nil })
	if err := node.Register(ctx, shared.client, "node"); err != nil {
		return err
	}
	return makeHealthy(ctx)
}

// startCluster starts it with the definitions, and with an audit log of everything that
// is not read.
func startCluster(dir string) (*cluster.Cluster, error) {
	policy := filepath.Join(dir, "audit-policy.yaml")
	err := os.WriteFile(policy, []byte(`apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  verbs: [get, list, watch]
  resources: [{group: "", resources: [namespaces, nodes, configmaps]}]
- level: Metadata
`), 0o600)
	if err != nil {
		return nil, err
	}
	shared.auditLog = filepath.Join(dir, "audit.log")
	c, err := cluster.Start(func(env *envtest.Environment) {
		args := env.ControlPlane.GetAPIServer().Configure()
		args.Set("audit-policy-file", policy)
		args.Set("audit-log-path", shared.auditLog)
	})
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		c.InstallDefinitions(cluster.Root(), "istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"),
		c.InstallDefinitions(cluster.Root(), "github.com/cert-manager/cert-manager",
			"deploy/crds/cert-manager.io_certificates.yaml", "deploy/crds/cert-manager.io_issuers.yaml", "deploy/crds/cert-manager.io_clusterissuers.yaml"),
	)
	if err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func newClient(c *cluster.Cluster) (client.Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, rbacv1.AddToScheme, admissionregistration.AddToScheme,
		networking.AddToScheme, networkingbeta.AddToScheme, certmanager.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return client.New(c.Config, client.Options{Scheme: scheme})
}

// dial finds a port of a pod on this machine.
func dial(ctx context.Context, _, pod string, port uint16) (net.Conn, error) {
	shared.mu.Lock()
	address := shared.replicas[pod][port]
	shared.mu.Unlock()
	if address == "" {
		return nil, fmt.Errorf("connection refused")
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// place says where the ports of a pod are.
func place(pod, webhook, metrics, health string) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.replicas == nil {
		shared.replicas = map[string]map[uint16]string{}
	}
	shared.replicas[pod] = map[uint16]string{9443: webhook, 8080: metrics, 8081: health}
}

// placeInstalled places a pod where the installed holdfast runs.
func placeInstalled(pod string) {
	host := func(text string) string {
		u, err := url.Parse(text)
		if err != nil {
			return ""
		}
		return u.Host
	}
	place(pod, shared.holdfast.Addr, host(shared.holdfast.MetricsURL), host(shared.holdfast.HealthURL))
}

// placeAnother starts a second holdfast with a rules file and a folder of certificates
// of its own, and places a pod there until the test ends.
func placeAnother(t *testing.T, pod, rulesFile, certDir string) {
	t.Helper()
	addresses, err := cluster.FreeAddresses(3)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(addresses[0])
	command := exec.Command(shared.binary, "webhook", "--rules-file="+rulesFile, "--cert-dir="+certDir, "--bind-address="+host, "--port="+port,
		"--metrics-bind-address="+addresses[1], "--health-probe-bind-address="+addresses[2], "--drain=0s")
	command.Env = append(os.Environ(), "KUBECONFIG=/dev/null")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		placeInstalled(pod)
	})
	eventually(t, "a second holdfast that listens", func() (bool, string) {
		conn, err := net.Dial("tcp", addresses[0])
		if err != nil {
			return false, err.Error()
		}
		conn.Close()
		return true, ""
	})
	place(pod, addresses[0], addresses[1], addresses[2])
}
