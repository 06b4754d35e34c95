package cluster

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
)

// A read waits for an API server that is away and goes on as soon as it is
// back; the log says each once.
func TestReconnect(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "api") // nobody else can take it, as they could a port
	var mu sync.Mutex
	var text strings.Builder
	log := funcr.New(func(_, args string) {
		mu.Lock()
		defer mu.Unlock()
		text.WriteString(args + "\n")
	}, funcr.Options{})
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: &reconnect{next: transport, log: log}}
	const url = "http://api"

	if _, err := client.Post(url, "text/plain", nil); err == nil {
		t.Error("a write got no error, want one at once")
	}
	short, cancel := context.WithTimeout(t.Context(), 3*reconnectInterval/2)
	defer cancel()
	request, err := http.NewRequestWithContext(short, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Do(request); err == nil || short.Err() == nil {
		t.Errorf("got %v, want the end of the context to end the wait", err)
	}
	answered := make(chan error, 1)
	go func() {
		response, err := client.Get(url)
		if err == nil {
			response.Body.Close()
		}
		answered <- err
	}()
	time.Sleep(reconnectInterval / 2)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute}}
	server.Start()
	defer server.Close()
	select {
	case err := <-answered:
		if err != nil {
			t.Errorf("got %v, want the answer", err)
		}
	case <-time.After(3 * reconnectInterval):
		t.Error("still waiting although the server is back")
	}
	mu.Lock()
	defer mu.Unlock()
	if text := text.String(); strings.Count(text, "cannot be reached") != 1 || strings.Count(text, "is back") != 1 {
		t.Errorf("got log %q, want one line for each", text)
	}
}
