package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/holdfast-mesh/holdfast/internal/clip"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// listeners are the open ports: controller-runtime's webhook server for
// reviews, and plain HTTP servers for health and metrics.
type listeners struct {
	log      logr.Logger
	patience time.Duration // with requests in flight at the end
	failed   chan error
	plain    []plainServer
	stop     context.CancelFunc // ends the webhook server; nil before its start
	stopped  chan struct{}      // closed when it has ended
}

// plainServer is an HTTP server with its port bound.
type plainServer struct {
	name     string
	listener net.Listener
	http     *http.Server
}

func newListeners(log logr.Logger, patience time.Duration) *listeners {
	return &listeners{log: log, patience: patience, failed: make(chan error, 3), stopped: make(chan struct{})}
}

// serveReviews starts the webhook server. It ends with stop and not with the
// process's context, so that it serves on while draining.
func (l *listeners) serveReviews(server ctrlwebhook.Server, address string) {
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	go func() {
		defer close(l.stopped)
		if err := server.Start(ctx); err != nil {
			l.failed <- fmt.Errorf("cannot serve the webhook on %s: %w", address, err)
		}
	}()
}

// bind opens a port for a plain server, unless the address is empty or "0". It
// returns where.
func (l *listeners) bind(name, address string, handler http.Handler) (bound string, err error) {
	if address == "" || address == "0" {
		return "", nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("cannot listen for %s on %s: %w", name, address, err)
	}
	l.plain = append(l.plain, plainServer{name, listener, &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout,
		IdleTimeout: 90 * time.Second, MaxHeaderBytes: 64 << 10,
	}})
	return listener.Addr().String(), nil
}

// servePlain starts the plain servers.
func (l *listeners) servePlain() {
	for _, p := range l.plain {
		l.log.Info("serving", "what", p.name, "address", p.listener.Addr().String())
		go func() {
			if err := p.http.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
				l.failed <- fmt.Errorf("serving %s on %s: %w", p.name, p.listener.Addr(), err)
			}
		}()
	}
}

// shutdown takes no new requests and waits for those in flight, as long as
// there is patience. Health and metrics go last.
func (l *listeners) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), l.patience)
	defer cancel()
	if l.stop != nil {
		l.stop()
		select {
		case <-l.stopped:
		case <-ctx.Done():
			l.log.Error(nil, "requests were still running at the end", "waited", l.patience.String())
		}
	}
	for _, p := range l.plain {
		_ = p.http.Shutdown(ctx) // an error is the end of ctx
		_ = p.http.Close()
		_ = p.listener.Close() // of a server that was never started
	}
	l.log.Info("shut down")
}

// reviewServer is controller-runtime's webhook server with holdfast's handlers.
func reviewServer(host string, port int, minVersion uint16, h *handlers) ctrlwebhook.Server {
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{Host: host, Port: port, TLSOpts: []func(*tls.Config){func(c *tls.Config) {
		c.MinVersion, c.NextProtos = minVersion, []string{"h2", "http/1.1"}
		c.GetCertificate = h.certs.GetCertificate
	}}})
	server.Register(admission.MutatePodsPath, bounded(h.pods, requestTimeout))
	server.Register(admission.ValidateRulesPath, bounded(h.rules, requestTimeout))
	return server
}

// bounded cuts off whoever sends a request or takes an answer too slowly:
// controller-runtime's server bounds the headers only.
func bounded(h http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end := time.Now().Add(limit)
		control := http.NewResponseController(w)
		// Without a deadline the request is served all the same.
		_, _ = control.SetReadDeadline(end), control.SetWriteDeadline(end.Add(answerTimeout))
		h.ServeHTTP(w, r)
	})
}

// freePort finds a port that was free a moment ago, because controller-runtime's
// server takes port 0 for its default.
func freePort(host string) (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, fmt.Errorf("cannot find a free port on %q: %w", host, err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}

// metricsHandler serves a registry.
func metricsHandler(registry ctrlmetrics.RegistererGatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+metricsPath, promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	return mux
}

// httpLog takes net/http's own log: handshakes that failed, mostly because a
// client does not trust the certificate.
type httpLog struct{ log logr.Logger }

// Write logs one line.
func (l httpLog) Write(line []byte) (int, error) {
	l.log.Info("http server", "message", clip.Text(strings.TrimSpace(string(line)), 500))
	return len(line), nil
}

// useHTTPLog sends the standard logger, which is where net/http writes, to l.
func useHTTPLog(l logr.Logger) {
	log.SetFlags(0)
	log.SetOutput(httpLog{l})
}
