package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// errDraining fails readiness once shutdown has begun.
var errDraining = errors.New("shutting down")

// health tells liveness and readiness apart: restarting a process that waits
// for its certificate or for the API server helps nobody.
type health struct {
	metrics  *metrics
	draining atomic.Bool

	mu     sync.Mutex
	checks []healthCheck
}

type healthCheck struct {
	name  string
	check func() error    // asks nobody but this process
	notes func() []string // what is wrong without making check fail; nil: nothing ever is
}

func (h *health) add(name string, check func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, healthCheck{name: name, check: check})
}

// addWithNotes adds a check beside which something may be worth telling.
func (h *health) addWithNotes(name string, check func() error, notes func() []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, healthCheck{name, check, notes})
}

// run asks every check.
func (h *health) run() (report string, ready bool) {
	h.mu.Lock()
	checks := h.checks
	h.mu.Unlock()
	var text strings.Builder
	ready = true
	tell := func(name string, err error) {
		if err == nil {
			fmt.Fprintf(&text, "[+] %s ok\n", name)
			return
		}
		ready = false
		fmt.Fprintf(&text, "[-] %s failed: %v\n", name, err)
	}
	if h.draining.Load() {
		tell("serving", errDraining)
	}
	for _, c := range checks {
		tell(c.name, c.check())
		if c.notes == nil {
			continue
		}
		for _, note := range c.notes() {
			fmt.Fprintf(&text, "[!] %s: %s\n", c.name, note)
		}
	}
	h.metrics.ready.Set(boolValue(ready))
	return text.String(), ready
}

// handler serves /healthz and /readyz.
func (h *health) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+healthzPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET "+ReadyzPath, func(w http.ResponseWriter, _ *http.Request) {
		report, ready := h.run()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(report))
	})
	return mux
}
