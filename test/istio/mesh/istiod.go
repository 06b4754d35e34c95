package mesh

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Istiod is a running control plane of one revision.
type Istiod struct {
	Revision Revision
	// XDS is the address of its plaintext xDS server, on loopback.
	XDS string
	// WebhookURL is the base of its webhooks, for injection and for validation:
	// https, on loopback, with a certificate of the mesh's own authority.
	WebhookURL string
	// HTTP is the address of its debug and readiness server, on loopback.
	HTTP string
	// Log is the path of its log.
	Log string

	process *process
}

// InstallRevision applies a revision's objects and starts its istiod. It
// returns when the injector answers. Installing a revision again replaces it.
func (m *Mesh) InstallRevision(ctx context.Context, r Revision) (*Istiod, error) {
	if old := m.istiods[r.Name]; old != nil {
		old.Stop()
	}
	dir, err := os.MkdirTemp(m.Dir, "istiod-"+r.label()+"-")
	if err != nil {
		return nil, err
	}
	if err := m.ca.Write(dir, "istiod.istio-system.svc"); err != nil {
		return nil, err
	}
	addresses, err := cluster.FreeAddresses(3)
	if err != nil {
		return nil, err
	}
	istiod := &Istiod{
		Revision:   r,
		HTTP:       addresses[0],
		XDS:        addresses[1],
		WebhookURL: "https://" + addresses[2],
	}
	if r.Ambient {
		if err := m.installGatewayAPI(); err != nil {
			return nil, err
		}
	}
	// istiod looks for the injector's ConfigMap once, when it starts.
	if err := m.applyRevision(ctx, r, dir, istiod.WebhookURL); err != nil {
		return nil, err
	}
	istiod.process, err = startProcess("istiod", dir, m.program, []string{
		"discovery",
		"--kubeconfig=" + m.Kubeconfig,
		// No such file: istiod then takes the mesh configuration from its
		// ConfigMap, as it does in a cluster.
		"--meshConfig=" + filepath.Join(dir, "none"),
		"--networksConfig=" + filepath.Join(dir, "none"),
		"--httpAddr=" + istiod.HTTP,
		"--grpcAddr=" + istiod.XDS,
		"--secureGRPCAddr=",
		"--httpsAddr=" + addresses[2],
		"--tlsCertFile=" + filepath.Join(dir, "tls.crt"),
		"--tlsKeyFile=" + filepath.Join(dir, "tls.key"),
		"--caCertFile=" + filepath.Join(dir, "ca.crt"),
		"--monitoringAddr=127.0.0.1:0",
		"--ctrlz_port=0",
		"--shutdownDuration=0s",
	}, slices.Concat(r.features(), []string{
		"HOME=" + dir,
		"POD_NAMESPACE=" + RootNamespace,
		"POD_NAME=istiod-" + r.label(),
		"REVISION=" + r.label(),
		"ENABLE_CA_SERVER=false",
		"ENABLE_LEADER_ELECTION=false",
		// istiod would patch its own caBundle into the webhooks.
		"INJECTION_WEBHOOK_CONFIG_NAME=",
		"VALIDATION_WEBHOOK_CONFIG_NAME=",
		// Half a second less between a change and its push.
		"PILOT_DEBOUNCE_AFTER=10ms",
	}, r.Env))
	if err != nil {
		return nil, err
	}
	istiod.Log = istiod.process.log
	m.stops = append(m.stops, func() error { istiod.Stop(); return nil })
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := istiod.process.await(ctx, istiod.ready); err != nil {
		return nil, err
	}
	m.istiods[r.Name] = istiod
	return istiod, m.awaitInjection(ctx, r)
}

// awaitInjection waits until the API server calls the injector for namespaces
// of the revision: it reads webhook configurations through a cache of its own.
func (m *Mesh) awaitInjection(ctx context.Context, r Revision) error {
	return Await(ctx, "injection by revision "+r.label(), func(ctx context.Context) error {
		pod, err := m.probe(ctx, map[string]string{"istio.io/rev": r.label()})
		if err != nil {
			return err
		}
		if Container(pod, ProxyContainer) == nil {
			return fmt.Errorf("a pod in a namespace labelled istio.io/rev=%s got no %s", r.label(), ProxyContainer)
		}
		return nil
	})
}

// ready asks istiod's own readiness probe, which waits for its caches.
func (i *Istiod) ready(ctx context.Context) error {
	return getOK(ctx, http.DefaultClient, "http://"+i.HTTP+"/ready")
}

// Stop ends the control plane and waits for it. Its objects stay: pods that
// ask for this revision are then rejected, as its webhooks' failurePolicy says.
func (i *Istiod) Stop() { i.process.stop(5 * time.Second) }

// getOK fetches a URL and returns an error unless the answer is 200.
func getOK(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s, want 200", url, response.Status)
	}
	return nil
}
