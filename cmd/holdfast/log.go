package main

import (
	"context"
	"io"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	uzap "go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// logFlush is how long the webhook's log holds lines back, so that pods that come at once
// share a write. Errors are written at once, with what came before them; and, once the process is
// told to end, everything is: whoever tells it a second time ends it at once.
const logFlush = 500 * time.Millisecond

// newLog makes the webhook's log; ctx ends when the process is told to end. What it holds back
// is written by flush, and where a goroutine's panic ends the process.
//
// Every line is written. controller-runtime's own log leaves out most of those that say the
// same more than 100 times a second; here each of them is about another pod.
func newLog(ctx context.Context, options *zap.Options, to io.Writer) (log logr.Logger, flush func()) {
	// Without Sync, which would wait for the disk.
	buffer := &zapcore.BufferedWriteSyncer{WS: zapcore.AddSync(struct{ io.Writer }{to}), FlushInterval: logFlush}
	atOnce := uzap.Hooks(func(entry zapcore.Entry) error {
		if entry.Level >= zapcore.ErrorLevel || ctx.Err() != nil {
			return buffer.Sync()
		}
		return nil
	})
	utilruntime.PanicHandlers = append(utilruntime.PanicHandlers, func(context.Context, any) { _ = buffer.Sync() })
	var every zapcore.Core // below the one that samples
	remember := uzap.WrapCore(func(core zapcore.Core) zapcore.Core {
		every = core
		return core
	})
	raw := zap.NewRaw(zap.UseFlagOptions(options), zap.WriteTo(buffer), zap.RawZapOpts(atOnce, remember))
	whole := raw.WithOptions(uzap.WrapCore(func(zapcore.Core) zapcore.Core { return every }))
	return zapr.NewLogger(whole), func() { _ = buffer.Stop() }
}
