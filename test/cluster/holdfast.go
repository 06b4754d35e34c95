package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/certs"
)

// Holdfast is a running 'holdfast webhook' process.
type Holdfast struct {
	Addr       string // host:port of the webhooks
	MetricsURL string
	HealthURL  string // without /healthz or /readyz
	CertDir    string
	Authority  *certs.Authority

	command *exec.Cmd
	exited  chan struct{}
	dir     string
}

// HoldfastOptions say how to install and start it; the zero value is what
// deploy/install.yaml gives, but with a certificate from a folder.
type HoldfastOptions struct {
	Binary string   // path of the program; empty: bin/holdfast of the repository
	Args   []string // further arguments of 'holdfast webhook', later ones win
	Env    []string // further environment
	// RulesFile holds the rules in place of the ConfigMap, whose size the API server
	// bounds; of Install only. May be empty.
	RulesFile string
	Output    io.Writer // standard error of the program; nil: discarded
	// Change is called for every object of deploy/install.yaml before it is
	// applied, after its webhooks were pointed at loopback. May be nil.
	Change func(*unstructured.Unstructured)
}

// Install applies deploy/install.yaml, starts the program as its service
// account and waits until it is ready. Stop it with Holdfast.Stop.
func (c *Cluster) Install(ctx context.Context, options HoldfastOptions) (*Holdfast, error) {
	h, err := c.prepare(options)
	if err != nil {
		return nil, err
	}
	if err := c.applyManifest(ctx, h, options.Change); err != nil {
		h.Stop()
		return nil, err
	}
	if err := h.start(options); err != nil {
		h.Stop()
		return nil, err
	}
	if err := h.WaitReady(ctx); err != nil {
		h.Stop()
		return nil, err
	}
	return h, nil
}

// prepare makes the folder with certificate and kubeconfig, and picks ports.
func (c *Cluster) prepare(options HoldfastOptions) (*Holdfast, error) {
	dir, err := os.MkdirTemp("", "holdfast-")
	if err != nil {
		return nil, err
	}
	h := &Holdfast{dir: dir, CertDir: filepath.Join(dir, "certs"), exited: make(chan struct{})}
	if h.Authority, err = certs.NewAuthority(); err != nil {
		return nil, err
	}
	if err = os.Mkdir(h.CertDir, 0o700); err != nil {
		return nil, err
	}
	if err = h.Authority.Write(h.CertDir, "holdfast.holdfast-system.svc"); err != nil {
		return nil, err
	}
	kubeconfig, err := c.serviceAccount(dir, Namespace)
	if err != nil {
		return nil, err
	}
	addresses, err := FreeAddresses(3)
	if err != nil {
		return nil, err
	}
	h.Addr, h.MetricsURL, h.HealthURL = addresses[0], "http://"+addresses[1]+"/metrics", "http://"+addresses[2]
	host, port, _ := net.SplitHostPort(h.Addr)
	binary := options.Binary
	if binary == "" {
		binary = filepath.Join(Root(), "bin", "holdfast")
	}
	rules := "--rules-configmap=holdfast-system/holdfast-rules"
	if options.RulesFile != "" {
		rules = "--rules-file=" + options.RulesFile
	}
	args := append([]string{
		"webhook", rules, "--cert-dir=" + h.CertDir,
		"--bind-address=" + host, "--port=" + port,
		"--metrics-bind-address=" + addresses[1], "--health-probe-bind-address=" + addresses[2],
		"--drain=1s",
	}, options.Args...)
	h.command = exec.Command(binary, args...)
	h.command.Env = append(append(os.Environ(), "KUBECONFIG="+kubeconfig), options.Env...)
	h.command.Stderr = options.Output
	return h, nil
}

// FreeAddresses finds n different free ports on loopback.
func FreeAddresses(n int) ([]string, error) {
	var addresses []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}

// applyManifest applies what users get; only the place of the server differs.
func (c *Cluster) applyManifest(ctx context.Context, h *Holdfast, change func(*unstructured.Unstructured)) error {
	objects, err := ReadObjects(InstallManifest())
	if err != nil {
		return err
	}
	if err := c.makeRootNamespace(ctx); err != nil {
		return err
	}
	for _, object := range objects {
		if object.GetKind() == "EnvoyFilter" {
			continue // Istio's definitions are not there everywhere; who wants it brings both
		}
		if strings.HasSuffix(object.GetKind(), "WebhookConfiguration") {
			if err := PointAt(object, h.Addr, h.Authority); err != nil {
				return err
			}
		}
		if change != nil {
			change(object)
		}
		if err := c.Apply(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// PointAt replaces the Service of a webhook configuration by a server's host:port, whose
// certificate the authority signed.
func PointAt(configuration *unstructured.Unstructured, address string, authority *certs.Authority) error {
	webhooks, _, err := unstructured.NestedSlice(configuration.Object, "webhooks")
	if err != nil {
		return err
	}
	for _, entry := range webhooks {
		webhook := entry.(map[string]any)
		path, _, _ := unstructured.NestedString(webhook, "clientConfig", "service", "path")
		webhook["clientConfig"] = map[string]any{"url": "https://" + address + path, "caBundle": authority.Base64()}
	}
	return unstructured.SetNestedSlice(configuration.Object, webhooks, "webhooks")
}

// Apply creates or changes an object by server-side apply.
func (c *Cluster) Apply(ctx context.Context, object *unstructured.Unstructured) error {
	err := c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("holdfast-test"), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return nil
}

// ReadObjects reads the objects of a manifest file.
func ReadObjects(path string) ([]*unstructured.Unstructured, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return decodeObjects(path, file)
}

// decodeObjects reads the objects of a manifest; name is what an error calls it.
func decodeObjects(name string, from io.Reader) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(from, 4096)
	for {
		object := &unstructured.Unstructured{}
		switch err := decoder.Decode(object); {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

func (h *Holdfast) start(options HoldfastOptions) error {
	if err := h.command.Start(); err != nil {
		return fmt.Errorf("starting %s (run 'make build' first): %w", h.command.Path, err)
	}
	go func() {
		_ = h.command.Wait()
		close(h.exited)
	}()
	return nil
}

// WaitReady returns when /readyz says yes, or with the last answer after 30 s.
func (h *Holdfast) WaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	last := "no answer yet"
	for {
		status, body := get(ctx, h.HealthURL+"/readyz")
		if status == http.StatusOK {
			return nil
		}
		if body != "" {
			last = body
		}
		select {
		case <-h.exited:
			return fmt.Errorf("holdfast ended before it was ready: %v; last answer of /readyz: %s", h.command.ProcessState, last)
		case <-ctx.Done():
			return fmt.Errorf("holdfast is not ready after 30 s: %s", last)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func get(ctx context.Context, url string) (int, string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

// Metrics returns the text of /metrics.
func (h *Holdfast) Metrics(ctx context.Context) string {
	_, body := get(ctx, h.MetricsURL)
	return body
}

// Pid is the process id, for measuring memory.
func (h *Holdfast) Pid() int { return h.command.Process.Pid }

// Stop ends the program with SIGTERM, after 20 s with SIGKILL, and removes its folder.
func (h *Holdfast) Stop() {
	defer os.RemoveAll(h.dir)
	if h.command.Process == nil {
		return
	}
	_ = h.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.exited:
	case <-time.After(20 * time.Second):
		_ = h.command.Process.Kill()
		<-h.exited
	}
}
