package webhook

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A read waits for an API server that is away and goes on as soon as it is
// back; the log says each once.
func TestReconnect(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	log := &lines{}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: &reconnect{next: transport, log: log.logger()}}
	url := "http://" + address

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
	if listener, err = net.Listen("tcp", address); err != nil {
		t.Skipf("somebody else took the port: %v", err)
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
	if text := log.String(); strings.Count(text, "cannot be reached") != 1 || strings.Count(text, "is back") != 1 {
		t.Errorf("got log %q, want one line for each", text)
	}
}
