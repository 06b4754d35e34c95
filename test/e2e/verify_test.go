package e2e

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/dumps"
	"github.com/holdfast-mesh/holdfast/test/kubelet"
)

// verifyLive runs verify against the API server and returns what it printed.
func verifyLive(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(t.Context(), shared.binary, append([]string{"verify"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), problems.String(), cmd.ProcessState.ExitCode()
}

// verify fetches a running pod and asks its proxy through the API server. The proxy here
// is a stored answer of a real one; a stand-in of the kubelet connects to it.
func TestVerifyLive(t *testing.T) {
	stored := filepath.Join(cluster.Root(), "verify", "testdata", "idle")
	admin := httptest.NewServer(adminPort(t, stored))
	defer admin.Close()
	node := kubelet.Start(func(ctx context.Context, namespace, pod string, port uint16) (net.Conn, error) {
		if namespace != "lab" || pod != "idle" || port != 15000 {
			return nil, errors.New("connection refused")
		}
		return new(net.Dialer).DialContext(ctx, "tcp", admin.Listener.Addr().String())
	})
	defer node.Close()
	if err := node.Register(t.Context(), shared.cluster.Client, "verify-node"); err != nil {
		t.Fatal(err)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "lab"}}
	if err := shared.cluster.Client.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	createStored(t, stored, "idle")
	createStored(t, stored, "other") // whose port nobody answers
	kubeconfig := kubeconfigFor(t, "administrator", "system:masters")

	t.Run("by websocket", func(t *testing.T) {
		stdout, stderr, code := verifyLive(t, "--kubeconfig", kubeconfig, "-n", "lab", "idle", "--to", "198.18.100.1:6379")
		for _, want := range []string{
			"Pod lab/idle, proxy of Istio 1.31.0, Envoy 1.40",
			"idleTimeout    InForce      48h on every filter chain",
			"drainDuration  InForce      12h on Envoy's command line",
			"listener virtualOutbound",
		} {
			if !strings.Contains(stdout, want) {
				t.Errorf("got exit code %d, %s%s\nwant %q in it", code, stdout, stderr, want)
			}
		}
		if code != 0 || stderr != "" {
			t.Errorf("got exit code %d and %q on standard error, want 0 and nothing", code, stderr)
		}
	})
	t.Run("by SPDY, where something on the way knows no websocket", func(t *testing.T) {
		server, refused := proxyWithoutWebsocket(t)
		stdout, stderr, code := verifyLive(t, "--kubeconfig", kubeconfig, "--server", server, "--insecure-skip-tls-verify", "-n", "lab", "pod/idle")
		if code != 0 || !strings.Contains(stdout, "InForce") {
			t.Errorf("got exit code %d, %s%s", code, stdout, stderr)
		}
		if !*refused {
			t.Error("got no attempt by websocket: this shows nothing of a way back")
		}
	})
	t.Run("what the pod asks for is not in force", func(t *testing.T) {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"traffic.sidecar.istio.io/excludeOutboundPorts":"6379"}}}`))
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "lab", Name: "idle"}}
		if err := shared.cluster.Client.Patch(t.Context(), pod, patch); err != nil {
			t.Fatal(err)
		}
		stdout, stderr, code := verifyLive(t, "--kubeconfig", kubeconfig, "-n", "lab", "idle")
		if code != 1 || stderr != "" || !strings.Contains(stdout, "istio-init was not told of 6379") {
			t.Errorf("got exit code %d, %s%s", code, stdout, stderr)
		}
	})
	for _, test := range []struct {
		name, kubeconfig, pod string
		says                  []string
	}{
		{"no such pod", kubeconfig, "gone", []string{`fetching pod lab/gone: pods "gone" not found`}},
		{"nobody answers", kubeconfig, "other", []string{"connecting to port 15000 of the pod: connection refused", "it takes a running sidecar"}},
		{"no right to forward", readerOfPods(t), "idle", []string{"forbidden", `cannot create resource "pods/portforward"`, "the right to create pods/portforward"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := verifyLive(t, "--kubeconfig", test.kubeconfig, "-n", "lab", test.pod)
			if code != 1 || stdout != "" {
				t.Errorf("got exit code %d and %q, want 1 and nothing", code, stdout)
			}
			for _, says := range test.says {
				if !strings.Contains(stderr, says) {
					t.Errorf("got %q, want it to say %q", stderr, says)
				}
			}
		})
	}
}

// adminPort answers as the Envoy did that was stored in a folder.
func adminPort(t *testing.T, folder string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /config_dump", func(w http.ResponseWriter, _ *http.Request) {
		text, err := dumps.Unzip(filepath.Join(folder, "config_dump.json.gz"))
		if err == nil {
			_, err = w.Write(text)
		}
		if err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /server_info", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(folder, "server_info.json"))
	})
	return mux
}

// createStored creates the stored pod under a name, on the node of the stand-in.
func createStored(t *testing.T, folder, name string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "pod.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{}
	if err := yaml.Unmarshal(text, pod); err != nil {
		t.Fatal(err)
	}
	pod.Name, pod.UID, pod.ResourceVersion, pod.Spec.NodeName = name, "", "", "verify-node"
	create(t, pod)
}

func kubeconfigFor(t *testing.T, user string, groups ...string) string {
	t.Helper()
	path, err := shared.cluster.Kubeconfig(t.TempDir(), user, groups...)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// readerOfPods may get pods, and nothing else.
func readerOfPods(t *testing.T) string {
	t.Helper()
	meta := metav1.ObjectMeta{Namespace: "lab", Name: "reader"}
	for _, object := range []client.Object{
		&rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}},
		&rbacv1.RoleBinding{
			ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "reader"},
			Subjects: []rbacv1.Subject{{APIGroup: "rbac.authorization.k8s.io", Kind: "User", Name: "reader"}},
		},
	} {
		if err := shared.cluster.Client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	return kubeconfigFor(t, "reader")
}

// proxyWithoutWebsocket stands before the API server, as an administrator, and refuses
// websockets, as some load balancers do.
func proxyWithoutWebsocket(t *testing.T) (address string, refused *bool) {
	t.Helper()
	config := rest.CopyConfig(shared.cluster.Config)
	config.NextProtos = []string{"http/1.1"} // the only one that can be upgraded
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	refused = new(bool)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			*refused = true
			http.Error(w, "no websockets here", http.StatusBadRequest)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, refused
}
