package main

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// syncWriter is a log that can be read while it is written.
type syncWriter struct {
	mu   sync.Mutex
	text strings.Builder
}

func (w *syncWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *syncWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// The log of the command names what is missing in one line each, without the
// stack of the code that looked for it.
func TestWebhookLog(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log syncWriter
	ended := make(chan error, 1)
	dir := t.TempDir()
	go func() {
		ended <- run(ctx, []string{
			"holdfast", "webhook", "--rules-file", dir + "/rules.yaml", "--cert-dir", dir, "--bind-address", "127.0.0.1", "--port", "0",
			"--metrics-bind-address", "0", "--health-probe-bind-address", "0", "--drain", "0s",
		}, strings.NewReader(""), io.Discard, &log)
	}()
	said := func() bool {
		return strings.Contains(log.String(), "rules.yaml does not exist") && strings.Contains(log.String(), "tls.crt does not exist")
	}
	for deadline := time.Now().Add(20 * time.Second); !said() && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if !said() {
		t.Errorf("the log does not say what is missing:\n%s", log.String())
	}
	if strings.Contains(log.String(), "stacktrace") {
		t.Errorf("the log has stacks:\n%s", log.String())
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v at the end, want nil", err)
	}
}
