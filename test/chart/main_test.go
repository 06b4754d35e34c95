package chart

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// shared is one API server that knows everything that the chart may contain, and the
// programs that users have.
var shared struct {
	*cluster.Cluster
	services   *cluster.Services
	binary     string // holdfast
	kubeconfig string // of an administrator
}

var eventually = cluster.Eventually

func TestMain(m *testing.M) { cluster.Main(m, "chart", prepare) }

func prepare(dir string, after func(func() error)) (err error) {
	if shared.binary, err = cluster.Build(dir); err != nil {
		return err
	}
	if shared.services, err = cluster.NewServices(dir); err != nil {
		return err
	}
	after(func() error { shared.services.Close(); return nil })
	var configureErr error
	shared.Cluster, err = cluster.Start(func(env *envtest.Environment) { configureErr = shared.services.Configure(env) })
	if err != nil {
		return err
	}
	after(shared.Stop)
	if configureErr != nil {
		return configureErr
	}
	if shared.kubeconfig, err = shared.Kubeconfig(dir, "admin", "system:masters"); err != nil {
		return err
	}
	return installDefinitions()
}

// installDefinitions installs what Istio, cert-manager and the Prometheus operator
// bring.
func installDefinitions() error {
	if err := shared.InstallEnvoyFilters(); err != nil {
		return err
	}
	tests := filepath.Join(cluster.Root(), "test")
	const certManager = "deploy/crds/cert-manager.io_"
	if err := shared.InstallDefinitions(filepath.Join(tests, "certmanager"), "github.com/cert-manager/cert-manager",
		certManager+"certificates.yaml", certManager+"certificaterequests.yaml", certManager+"issuers.yaml", certManager+"clusterissuers.yaml"); err != nil {
		return err
	}
	const operator = "example/prometheus-operator-crd/monitoring.coreos.com_"
	return shared.InstallDefinitions(filepath.Join(tests, "chart", "definitions"), "github.com/prometheus-operator/prometheus-operator",
		operator+"servicemonitors.yaml", operator+"prometheusrules.yaml")
}

// namespaces makes namespaces with labels; those that are there get the labels.
func namespaces(t *testing.T, labels map[string]string, names ...string) {
	t.Helper()
	for _, name := range names {
		namespace := &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
		if err := shared.Apply(t.Context(), toUnstructured(t, namespace)); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs a program and returns what it says.
func run(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	path := filepath.Join(cluster.Assets(), program)
	if program == "helm" || program == "promtool" {
		var err error
		if path, err = cluster.Tool(program); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(path, args...)
	// A folder of its own, so that nobody's settings count.
	command.Env = append(os.Environ(), "KUBECONFIG="+shared.kubeconfig, "HOME="+t.TempDir())
	output, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
	}
	return string(output), err
}

// must is run of what must not fail.
func must(t *testing.T, program string, args ...string) string {
	t.Helper()
	output, err := run(t, program, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output
}
