package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// The log of the command names what is missing in one line each, without the
// stack of the code that looked for it.
func TestWebhookLog(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var log cluster.Output
	ended := make(chan error, 1)
	dir := t.TempDir()
	go func() {
		ended <- run(ctx, []string{
			"holdfast", "webhook", "--rules-file", dir + "/rules.yaml", "--cert-dir", dir, "--bind-address", "127.0.0.1", "--port", "0",
			"--metrics-bind-address", "0", "--health-probe-bind-address", "0", "--drain", "0s",
		}, strings.NewReader(""), io.Discard, &log)
	}()
	cluster.Eventually(t, "what is missing, in the log", func() (bool, string) {
		said := log.String()
		return strings.Contains(said, "rules.yaml does not exist") && strings.Contains(said, "tls.crt does not exist"), said
	})
	if strings.Contains(log.String(), "stacktrace") {
		t.Errorf("the log has stacks:\n%s", log.String())
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v at the end, want nil", err)
	}
}
