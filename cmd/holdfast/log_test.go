package main

import (
	"strings"
	"testing"
	"time"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/webhook/background"
)

// The log writes pods that come at once in one go, within a second, and holds nothing back
// where somebody needs it: errors, the end, and a panic.
func TestLogIsBuffered(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(t *testing.T, written *cluster.Output, flush func(), fail func())
	}{
		{"a second", func(t *testing.T, written *cluster.Output, _, _ func()) {
			if got := written.String(); got != "" {
				t.Errorf("got %q at once, want it held back", got)
			}
			for deadline := time.Now().Add(10 * time.Second); written.String() == "" && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
		}},
		{"the end", func(_ *testing.T, _ *cluster.Output, flush, _ func()) { flush() }},
		{"an error", func(_ *testing.T, _ *cluster.Output, _, fail func()) { fail() }},
		{"a panic", func(*testing.T, *cluster.Output, func(), func()) {
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
			log, flush := newLog(&zap.Options{}, &written)
			defer flush()
			log.Info("pod patched")
			c.end(t, &written, flush, func() { log.Error(nil, "a defect") })
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
	log, flush := newLog(&zap.Options{}, &written)
	for range many {
		log.Info("pod patched")
	}
	flush()
	if got := strings.Count(written.String(), "\n"); got != many {
		t.Errorf("got %d lines, want %d", got, many)
	}
}
