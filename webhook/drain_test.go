package webhook

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// No request fails while replicas are replaced under load: connections that
// clients keep are ended by an answer, never under a request. A Service sends
// new connections to the next replica, kept ones stay where they are.
func TestShutdownUnderLoad(t *testing.T) {
	const rounds, clients = 5, 8
	var current atomic.Pointer[running]
	next := func() *running {
		s := start(t, testRules, func(o *Options) { o.Drain = 300 * time.Millisecond })
		eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
		return s
	}
	for range rounds {
		old := next()
		current.Store(old)
		client := old.client()
		transport := client.Transport.(*http.Transport)
		transport.MaxIdleConnsPerHost = clients
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, current.Load().Webhook)
		}
		replacement := next()
		pool := transport.TLSClientConfig.RootCAs
		pool.AppendCertsFromPEM(replacement.authority.PEM)
		ctx, end := context.WithCancel(t.Context())
		var load sync.WaitGroup
		var asked atomic.Int64
		for range clients {
			load.Go(func() {
				for ctx.Err() == nil {
					if reason, err := old.ask(client); reason != "Patched" {
						t.Errorf("got %q %v, want every request answered", reason, err)
					}
					asked.Add(1)
				}
			})
		}
		time.Sleep(50 * time.Millisecond)
		current.Store(replacement) // endpoints follow at once: the drain is for what is kept
		old.end(t)
		before := asked.Load()
		eventually(t, "answers of the replacement", func() (bool, string) {
			return asked.Load() > before+clients, fmt.Sprint(asked.Load())
		})
		end()
		load.Wait()
		client.CloseIdleConnections()
		replacement.end(t)
	}
}
