package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// The log writes pods that come at once in one go, within a second, and holds nothing back
// where somebody needs it: errors, the end, and a panic.
func TestLogIsBuffered(t *testing.T) {
	// process is what writes the log, and what may become of it.
	type process struct {
		written    *cluster.Output
		log        logr.Logger
		flush, end func()
	}
	for _, c := range []struct {
		name   string
		become func(t *testing.T, p process)
	}{
		{"a second", func(t *testing.T, p process) {
			if got := p.written.String(); got != "" {
				t.Errorf("got %q at once, want it held back", got)
			}
			for deadline := time.Now().Add(10 * time.Second); p.written.String() == "" && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
		}},
		{"the end", func(_ *testing.T, p process) { p.flush() }},
		{"a line after it was told to end", func(_ *testing.T, p process) {
			p.end()
			p.log.Info("shutting down")
		}},
		{"an error", func(_ *testing.T, p process) { p.log.Error(nil, "a defect") }},
		{"a panic", func(*testing.T, process) {
			really := utilruntime.ReallyCrash
			utilruntime.ReallyCrash = false
			defer func() { utilruntime.ReallyCrash = really }()
			var tasks background.Tasks
			tasks.Go(func() { panic("a defect") })
			tasks.Wait()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var written cluster.Output
			ctx, end := context.WithCancel(t.Context())
			defer end()
			log, flush := newLog(ctx, &zap.Options{}, &written)
			defer flush()
			log.Info("pod patched")
			c.become(t, process{&written, log, flush, end})
			if got := written.String(); !strings.Contains(got, `"msg":"pod patched"`) {
				t.Errorf("got %q after %s, want the line", got, c.name)
			}
		})
	}
}

// Pods that come by the hundred each have their line.
func TestEveryLineIsWritten(t *testing.T) {
	const many = 1000
	var written cluster.Output
	log, flush := newLog(t.Context(), &zap.Options{}, &written)
	for range many {
		log.Info("pod patched")
	}
	flush()
	if got := strings.Count(written.String(), "\n"); got != many {
		t.Errorf("got %d lines, want %d", got, many)
	}
}
