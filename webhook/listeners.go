package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
	"github.com/holdfast-mesh/holdfast/webhook/connections"
)

// listeners are the open ports: reviews over TLS, health and metrics without.
// controller-runtime's webhook server is not used: it bounds neither
// connections nor headers, speaks HTTP/2, and closes connections at the end that
// clients take for good.
type listeners struct {
	log      logr.Logger
	patience time.Duration // with requests in flight at the end
	metrics  *metrics
	failed   chan error
	servers  []*server // in the order of their end
	draining atomic.Bool
}

// server is an HTTP server with its port bound.
type server struct {
	name     string
	listener *connections.Listener
	http     *http.Server
}

func newListeners(log logr.Logger, patience time.Duration, m *metrics) *listeners {
	return &listeners{log: log, patience: patience, metrics: m, failed: make(chan error, 3)}
}

// bind opens a port, unless the address is empty or "0". It returns where. With
// a configuration it speaks TLS.
func (l *listeners) bind(name, address string, most int, config *tls.Config, handler http.Handler) (bound string, err error) {
	if address == "" || address == "0" {
		return "", nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("cannot listen for %s on %s: %w", name, address, err)
	}
	// API servers speak HTTP/1.1 to Services, and HTTP/2 has ways to make a
	// server work and store that no limit here knows.
	// Source: https://github.com/kubernetes/apiserver/blob/v0.34.0/pkg/util/webhook/client.go (NextProtos)
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	l.servers = append(l.servers, &server{name, connections.Bound(listener, most, l.metrics.connectionsClosed.Inc), &http.Server{
		Handler: l.closing(handler), TLSConfig: config, Protocols: protocols, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: log.New(&httpLog{log: l.log, count: l.metrics.connectionErrors.Inc}, "", 0),
	}})
	return listener.Addr().String(), nil
}

// serve starts the servers.
func (l *listeners) serve() {
	for _, s := range l.servers {
		l.log.Info("serving", "what", s.name, "address", s.listener.Addr().String())
		go func() {
			defer utilruntime.HandleCrash()
			if err := s.listener.Serve(s.http); !errors.Is(err, http.ErrServerClosed) {
				l.failed <- fmt.Errorf("serving %s on %s: %w", s.name, s.listener.Addr(), err)
			}
		}()
	}
}

// drain tells clients with each answer to open a new connection for the next
// request, which then finds another replica. Closing those that seem idle now
// would cut the ones on which a request is just under way.
func (l *listeners) drain() { l.draining.Store(true) }

// closing says "Connection: close" while draining.
func (l *listeners) closing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// shutdown takes no new requests, closes idle connections, and waits for
// requests in flight as long as there is patience. Health and metrics go last.
func (l *listeners) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), l.patience)
	defer cancel()
	for _, s := range l.servers {
		if err := s.http.Shutdown(ctx); err != nil {
			l.log.Error(nil, "requests were still running at the end", "what", s.name, "waited", l.patience.String())
		}
		_ = s.http.Close()
		_ = s.listener.Close() // of a server that was never started
	}
	l.log.Info("shut down")
}

// reviewHandler is what API servers ask.
func reviewHandler(h *handlers) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(admission.MutatePodsPath, h.pods)
	mux.Handle(admission.ValidateRulesPath, h.rules)
	return mux
}

// metricsHandler serves a registry.
func metricsHandler(registry ctrlmetrics.RegistererGatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+metricsPath, promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorHandling:      promhttp.ContinueOnError,
		DisableCompression: true, // packing 40 KB takes a megabyte
	}))
	return mux
}

// httpLog takes net/http's own log: handshakes that failed, mostly because a
// client does not trust the certificate. Anybody can make it speak, so it tells
// one line a second, and how many it left out.
type httpLog struct {
	log   logr.Logger
	count func() // called for each line; nil counts nothing

	mu   sync.Mutex
	next time.Time
	left int
}

// Write logs one line.
func (l *httpLog) Write(line []byte) (int, error) {
	if l.count != nil {
		l.count()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if now.Before(l.next) {
		l.left++
		return len(line), nil
	}
	l.log.Info("http server", "message", clip.Text(strings.TrimSpace(string(line)), 500), "leftOutBefore", l.left)
	l.next, l.left = now.Add(time.Second), 0
	return len(line), nil
}

// useHTTPLog sends the standard logger, which is where net/http's clients write,
// to l.
func useHTTPLog(l logr.Logger) {
	log.SetFlags(0)
	log.SetOutput(&httpLog{log: l})
}
