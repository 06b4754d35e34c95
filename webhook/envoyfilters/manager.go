package envoyfilters

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/go-logr/logr"
	networking "istio.io/client-go/pkg/apis/networking/v1alpha3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Tell makes an Event on the rules ConfigMap, where there is one. It must not
// wait.
type Tell func(reason, message string)

// Manager keeps objects as the rules in force say.
type Manager struct {
	config    *rest.Config
	client    client.Client // asks the API server, not a cache
	leases    coordination.LeasesGetter
	scheme    *runtime.Scheme
	mapper    meta.RESTMapper
	namespace string // of the Lease
	identity  string
	times     times
	perPage   int64 // pods
	metrics   *Metrics
	tell      Tell
	log       logr.Logger

	file atomic.Pointer[rules.File] // nil before the first
	wake chan struct{}              // capacity 1: there may be something to do
}

// New makes a Manager that does nothing yet. namespace is where its Lease is.
func New(config *rest.Config, namespace string, metrics *Metrics, tell Tell, log logr.Logger) (*Manager, error) {
	m := &Manager{
		config: config, namespace: namespace, times: defaultTimes(), perPage: podsPerPage, metrics: metrics, tell: tell, log: log,
		scheme: runtime.NewScheme(), mapper: newMapper(), wake: make(chan struct{}, 1),
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	// A restarted container has the name of the one before.
	m.identity = host + "_" + rand.Text()
	if err := networking.AddToScheme(m.scheme); err != nil {
		return nil, err
	}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("cannot make a client for %s: %w", config.Host, err)
	}
	if m.leases, err = coordination.NewForConfigAndClient(config, httpClient); err != nil {
		return nil, err
	}
	m.client, err = client.New(config, client.Options{HTTPClient: httpClient, Scheme: m.scheme, Mapper: m.mapper})
	return m, err
}

// Follow makes f the rules that count. It does not wait, and may be called before
// Run.
func (m *Manager) Follow(f *rules.File) {
	m.file.Store(f)
	m.awake()
}

func (m *Manager) awake() {
	select {
	case m.wake <- struct{}{}:
	default: // it is awake
	}
}

// Run takes part in the election and works while elected, until ctx ends. A
// Lease that it holds is then released.
func (m *Manager) Run(ctx context.Context) {
	for m.mayLead(ctx) {
		m.lead(ctx)
	}
}

// newMapper knows the few kinds without asking the API server, as that of
// package cluster does.
func newMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{networking.SchemeGroupVersion, corev1.SchemeGroupVersion})
	mapper.Add(networking.SchemeGroupVersion.WithKind("EnvoyFilter"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	return mapper
}
