package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Run serves until ctx ends, then drains and returns nil. It returns early
// with an error when the options are wrong, a port is taken, or a listener
// breaks; everything else is waited for, and /readyz says for what.
//
// It does not use controller-runtime's webhook.Server, which takes no
// listener (so port 0 and the real address cannot be had), shuts down the
// moment its context ends, and wraps every handler in metrics with buckets
// that start at 5 ms.
func Run(ctx context.Context, o Options) (err error) {
	if err := o.complete(); err != nil {
		return fmt.Errorf("%w: %w", ErrOptions, err)
	}
	m := newMetrics()
	unregister, err := m.register(o.Registry)
	if err != nil {
		return fmt.Errorf("cannot register metrics: %w", err)
	}
	defer unregister()

	defer spareMemory()()

	// What is watched goes on while the last requests are answered, so it
	// does not end with ctx.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer stopWork()

	s := &server{options: o, metrics: m, log: o.Logger, health: &health{metrics: m}, failed: make(chan error, 3)}
	defer s.close()
	if err := s.listen(); err != nil {
		return err
	}
	if err := s.wire(work, &tasks); err != nil {
		return err
	}
	s.serve(&tasks)
	if o.OnListen != nil {
		o.OnListen(s.addresses)
	}
	select {
	case err := <-s.failed:
		return err
	case <-ctx.Done():
	}
	return s.drain()
}

// gcPercent makes the collector run at half its usual distance. What lives is
// the compiled rules, 20 MiB for 10,000; a review leaves 22 KB of garbage. So
// this costs a percent of one CPU at thousands of pods a second, and keeps the
// process and the peak of loading rules a third smaller.
const gcPercent = 50

// spareMemory sets gcPercent unless the user has set GOGC, and returns what
// undoes it.
func spareMemory() (undo func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(gcPercent)
	return func() { debug.SetGCPercent(before) }
}

// server is one run.
type server struct {
	options   Options
	metrics   *metrics
	log       logr.Logger
	health    *health
	addresses Addresses
	servers   []*boundServer // the webhook's first
	failed    chan error
}

// boundServer is an HTTP server with its port bound.
type boundServer struct {
	name     string
	http     *http.Server
	listener net.Listener
}

// listen binds every port before anything starts, so that a taken port is an
// error at once.
func (s *server) listen() error {
	o := &s.options
	ports := []struct {
		name, address string
		bound         *string
	}{
		{"webhook", net.JoinHostPort(o.Host, strconv.Itoa(o.Port)), &s.addresses.Webhook},
		{"health", o.HealthProbeBindAddress, &s.addresses.Health},
		{"metrics", o.MetricsBindAddress, &s.addresses.Metrics},
	}
	for _, p := range ports {
		if p.address == "" || p.address == "0" {
			continue
		}
		listener, err := net.Listen("tcp", p.address)
		if err != nil {
			return fmt.Errorf("cannot listen for %s on %s: %w", p.name, p.address, err)
		}
		*p.bound = listener.Addr().String()
		s.servers = append(s.servers, &boundServer{name: p.name, listener: listener, http: &http.Server{
			ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout,
			IdleTimeout: 90 * time.Second, MaxHeaderBytes: 64 << 10,
			ErrorLog: log.New(httpLog{s.log.WithName(p.name)}, "", 0),
		}})
	}
	return nil
}

// wire makes the parts and starts what watches.
func (s *server) wire(ctx context.Context, tasks *sync.WaitGroup) error {
	o := &s.options
	store := newStore(s.metrics, s.log.WithName("rules"))
	certs := &certDir{dir: o.CertDir, metrics: s.metrics, log: s.log.WithName("certificate")}
	s.health.add("certificate", certs.check)
	s.health.add("rules", store.check)

	var cluster Cluster = NoCluster{}
	config, origin, err := restConfig(o)
	switch {
	case err != nil:
		return err
	case o.NoCluster, config == nil:
		s.log.Info("serving without a cluster: namespace labels are unknown, every namespace counts as opted in")
	default:
		s.log.Info("watching the cluster", "server", config.Host, "from", origin)
		watched, err := newWatchedCluster(config, s.metrics, s.log.WithName("cluster"))
		if err != nil {
			return err
		}
		if err := s.wireCluster(ctx, tasks, watched, store); err != nil {
			return err
		}
		cluster = watched
	}
	if o.RulesFile != "" {
		source := &fileSource{path: o.RulesFile, store: store, log: s.log.WithName("rules")}
		tasks.Go(func() { source.run(ctx) })
	}
	tasks.Go(func() { certs.run(ctx) })
	return s.handlers(&PodHandler{
		store: store, cluster: cluster, decide: o.Decide, options: rules.Options{ClusterWide: o.ClusterWide},
		metrics: s.metrics, log: s.log.WithName("pods"),
	}, certs)
}

// wireCluster starts everything that comes from a cluster.
func (s *server) wireCluster(ctx context.Context, tasks *sync.WaitGroup, cluster *watchedCluster, store *Store) error {
	var source *configMapSource
	if s.options.RulesConfigMap != "" {
		name, err := parseConfigMapName(s.options.RulesConfigMap)
		if err != nil {
			return err
		}
		writer, err := cluster.client()
		if err != nil {
			return err
		}
		events := newEventSink(s.log.WithName("events"))
		tasks.Go(func() { events.run(ctx, writer) })
		source = &configMapSource{name: name, store: store, events: events}
	}
	watches, err := cluster.watchCore(ctx, tasks, source)
	if err != nil {
		return err
	}
	for _, w := range watches {
		s.health.add(w.what, w.check)
	}
	istio := newIstioWatcher(cluster)
	store.OnChange(istio.follow)
	tasks.Go(func() { istio.run(ctx) })
	s.health.add("istio", istio.check)
	return nil
}

// handlers puts the handlers onto the servers.
func (s *server) handlers(pods *PodHandler, certs *certDir) error {
	version, err := s.options.tlsVersion()
	if err != nil {
		return err
	}
	own, _ := parseConfigMapName(s.options.RulesConfigMap) // none for a file
	mux := http.NewServeMux()
	mux.Handle(MutatePodsPath, pods)
	mux.Handle(ValidateRulesPath, &RulesHandler{own: own, metrics: s.metrics, log: s.log.WithName("validate")})
	for _, b := range s.servers {
		switch b.name {
		case "webhook":
			b.http.Handler = mux
			b.http.TLSConfig = &tls.Config{MinVersion: version, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: certs.GetCertificate}
			b.listener = tls.NewListener(b.listener, b.http.TLSConfig)
		case "health":
			b.http.Handler = s.health.handler()
		case "metrics":
			m := http.NewServeMux()
			m.Handle("GET "+MetricsPath, promhttp.HandlerFor(s.options.Registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
			b.http.Handler = m
		}
	}
	return nil
}

// serve starts the servers.
func (s *server) serve(tasks *sync.WaitGroup) {
	for _, b := range s.servers {
		s.log.Info("serving", "what", b.name, "address", b.listener.Addr().String())
		tasks.Go(func() {
			if err := b.http.Serve(b.listener); !errors.Is(err, http.ErrServerClosed) {
				s.failed <- fmt.Errorf("serving %s on %s: %w", b.name, b.listener.Addr(), err)
			}
		})
	}
}

// drain fails readiness, serves on until endpoints have followed, and lets the
// requests in flight end. Health and metrics go last.
func (s *server) drain() error {
	s.health.draining.Store(true)
	s.metrics.ready.Set(0)
	s.log.Info("shutting down: not ready any more, serving on for a while", "drain", s.options.Drain.String())
	select {
	case err := <-s.failed:
		return err
	case <-time.After(s.options.Drain):
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	for _, b := range s.servers {
		if err := b.http.Shutdown(ctx); err != nil {
			s.log.Error(err, "requests were still running at the end", "what", b.name, "waited", shutdownTimeout.String())
		}
	}
	s.log.Info("shut down")
	return nil
}

// close frees what is left, also after an error on the way up.
func (s *server) close() {
	for _, b := range s.servers {
		_ = b.http.Close()
		_ = b.listener.Close()
	}
}

// httpLog takes net/http's own log: handshakes that failed, mostly because a
// client does not trust the certificate.
type httpLog struct{ log logr.Logger }

// Write logs one line.
func (l httpLog) Write(line []byte) (int, error) {
	l.log.Info("http server", "message", clip(strings.TrimSpace(string(line)), 500))
	return len(line), nil
}
