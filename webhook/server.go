package webhook

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
	"github.com/holdfast-mesh/holdfast/webhook/background"
	"github.com/holdfast-mesh/holdfast/webhook/certificates"
	"github.com/holdfast-mesh/holdfast/webhook/cluster"
	"github.com/holdfast-mesh/holdfast/webhook/envoyfilters"
)

// Run serves until ctx ends, then drains and returns nil. It returns early
// with an error when the options are wrong, a port is taken, or a listener
// breaks; everything else is waited for, and /readyz says for what.
func Run(ctx context.Context, o Options) (err error) {
	if err := o.complete(); err != nil {
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}
	m, reviewed := newMetrics(), admission.NewMetrics()
	series := []prometheus.Collector{m, reviewed}
	var meshed *envoyfilters.Metrics
	if o.ManageMesh {
		meshed = envoyfilters.NewMetrics()
		series = append(series, meshed)
	}
	var kept *certificates.Metrics
	if o.SelfSigned {
		kept = certificates.NewMetrics()
		series = append(series, kept)
	}
	unregister, err := register(o.Registry, series...)
	if err != nil {
		return fmt.Errorf("cannot register metrics: %w", err)
	}
	defer unregister()

	// What is watched goes on while the last requests are answered, so it
	// does not end with ctx.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var tasks background.Tasks
	defer tasks.Wait()
	defer stopWork()
	tasks.Go(func() { spareMemory(work) })

	s := &run{options: o, metrics: m, reviewed: reviewed, meshed: meshed, kept: kept, log: o.Logger, health: &health{metrics: m}, listeners: newListeners(o.Logger, o.shutdownTimeout, m)}
	defer s.listeners.shutdown()
	addresses, err := s.start(work, &tasks)
	if err != nil {
		return err
	}
	tasks.Go(func() {
		releaseStart(work, func() bool { _, ready := s.health.run(); return ready }, s.log)
	})
	if o.OnListen != nil {
		o.OnListen(addresses)
	}
	select {
	case err := <-s.listeners.failed:
		return err
	case <-ctx.Done():
	}
	return s.drain()
}

// run is one run of a server.
type run struct {
	options   Options
	metrics   *metrics
	reviewed  *admission.Metrics
	meshed    *envoyfilters.Metrics // nil unless the mesh is managed
	kept      *certificates.Metrics // nil unless certificates are self-signed
	log       logr.Logger
	health    *health
	listeners *listeners
}

// handlers are what the webhook server serves, and with which certificate.
type handlers struct {
	pods  *admission.PodHandler
	rules *admission.RulesHandler
	certs certificateSource
	peers *clientCA // nil: anybody may ask
}

// start opens the ports. A taken one is an error at once.
func (s *run) start(work context.Context, tasks *background.Tasks) (addresses Addresses, err error) {
	o := &s.options
	h, err := s.wire(work, tasks)
	if err != nil {
		return addresses, err
	}
	l := s.listeners
	address := net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
	if addresses.Webhook, err = l.bind("reviews", address, maxConnections, h.tls(o), reviewHandler(h)); err != nil {
		return addresses, err
	}
	if addresses.Health, err = l.bind("health", o.HealthProbeBindAddress, maxProbes, nil, s.health.handler()); err != nil {
		return addresses, err
	}
	if addresses.Metrics, err = l.bind("metrics", o.MetricsBindAddress, maxProbes, nil, metricsHandler(o.Registry)); err != nil {
		return addresses, err
	}
	l.serve()
	return addresses, nil
}

// wire makes the parts and starts what watches.
func (s *run) wire(ctx context.Context, tasks *background.Tasks) (*handlers, error) {
	o := &s.options
	store := admission.NewStore(s.reviewed, s.log.WithName("rules"))
	var certs certificateSource // of the cluster, below, if self-signed
	if !o.SelfSigned {
		certs = s.mountedCertificate(ctx, tasks)
	}
	peers := s.clientCA(ctx, tasks)
	s.health.add("rules", store.Check)

	var known admission.Cluster = admission.NoCluster{}
	config, origin, err := restConfig(o)
	switch {
	case err != nil:
		return nil, err
	case o.NoCluster, config == nil:
		if flag := o.needsCluster(); flag != "" {
			return nil, errNoCluster(flag)
		}
		s.log.Info("serving without a cluster: namespace labels are unknown, every namespace counts as opted in")
	default:
		s.log.Info("watching the cluster", "server", config.Host, "from", origin)
		watched, err := s.watchCluster(ctx, tasks, config, store)
		if err != nil {
			return nil, err
		}
		known = watched
		if o.SelfSigned {
			if certs, err = s.ownCertificate(ctx, tasks, watched); err != nil {
				return nil, err
			}
		}
	}
	if o.RulesFile != "" {
		source := &fileSource{path: o.RulesFile, store: store, log: s.log.WithName("rules")}
		tasks.Go(func() { source.run(ctx) })
	}
	return &handlers{
		pods: &admission.PodHandler{
			Store: store, Cluster: known, Decide: o.Decide, Options: decide.Options{ClusterWide: o.ClusterWide},
			Lot: admission.RandomLot, Metrics: s.reviewed, Log: s.log.WithName("pods"),
		},
		rules: &admission.RulesHandler{Own: o.configMap, Metrics: s.reviewed, Log: s.log.WithName("validate")},
		certs: certs,
		peers: peers,
	}, nil
}

// watchCluster starts everything that comes from a cluster.
func (s *run) watchCluster(ctx context.Context, tasks *background.Tasks, config *rest.Config, store *admission.Store) (*cluster.Cluster, error) {
	c, err := cluster.New(config, s.options.IstioRevisions, s.log.WithName("cluster"), s.metrics.setSynced)
	if err != nil {
		return nil, err
	}
	if s.options.ReadConfigMaps {
		if err := c.ReadConfigMaps(s.options.ClusterWide); err != nil {
			return nil, err
		}
	}
	var source cluster.Follower             // none for a file
	tell := func(reason, message string) {} // nor has a file Events
	if s.options.RulesConfigMap != "" {
		writer, err := c.Client()
		if err != nil {
			return nil, err
		}
		events := newEventSink(s.log.WithName("events"))
		tasks.Go(func() { events.run(ctx, writer) })
		rulesMap := &configMapSource{source: "configmap " + s.options.RulesConfigMap, store: store, events: events}
		source, tell = rulesMap, rulesMap.warn
	}
	checks, err := c.Start(ctx, tasks, s.options.configMap, source)
	if err != nil {
		return nil, err
	}
	for _, check := range checks {
		s.health.addWithNotes("watch of "+check.Name, check.Err, check.Notes)
	}
	store.OnChange(func(set *decide.Set) { c.FollowIstio(set.File().Mesh.RootNamespace) })
	if s.options.ManageMesh {
		if err := s.manageMesh(ctx, tasks, config, store, tell); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// manageMesh starts what keeps the mesh's objects.
func (s *run) manageMesh(ctx context.Context, tasks *background.Tasks, config *rest.Config, store *admission.Store, tell envoyfilters.Tell) error {
	namespace, err := s.options.ownNamespace()
	if err != nil {
		return err
	}
	manager, err := envoyfilters.New(config, namespace, s.meshed, tell, s.log.WithName("mesh"))
	if err != nil {
		return err
	}
	store.OnChange(func(set *decide.Set) { manager.Follow(set.File()) })
	tasks.Go(func() { manager.Run(ctx) })
	return nil
}

// drain fails readiness and serves on until endpoints have followed.
func (s *run) drain() error {
	s.health.draining.Store(true)
	s.listeners.drain()
	s.metrics.ready.Set(0)
	s.log.Info("shutting down: not ready any more, serving on for a while", "drain", s.options.Drain.String())
	select {
	case err := <-s.listeners.failed:
		return err
	case <-time.After(s.options.Drain):
		return nil
	}
}
