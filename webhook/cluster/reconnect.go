package cluster

import (
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// reconnectInterval is how often an API server that is away is tried.
const reconnectInterval = 500 * time.Millisecond

// reconnect keeps a read waiting while the API server cannot be connected to.
// client-go would give up and, after a short outage already, try again a minute
// later, without a word in the log; until then new namespaces and edits of the
// rules would not be seen.
// Source: https://github.com/kubernetes/client-go/blob/v0.37.2/tools/cache/reflector.go (defaultBackoffMax, handleWatch)
type reconnect struct {
	next http.RoundTripper
	log  logr.Logger
	away atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (t *reconnect) RoundTrip(r *http.Request) (*http.Response, error) {
	for {
		response, err := t.next.RoundTrip(r)
		var failed *net.OpError
		if !errors.As(err, &failed) || failed.Op != "dial" || r.Context().Err() != nil {
			if err == nil && t.away.CompareAndSwap(true, false) {
				t.log.Info("the API server is back")
			}
			return response, err
		}
		if t.away.CompareAndSwap(false, true) {
			t.log.Error(nil, "the API server cannot be reached, going on with what is known and trying again", "cause", clip.Text(err.Error(), 500))
		}
		if r.Method != http.MethodGet {
			return nil, err // an Event is not worth a wait
		}
		select {
		case <-r.Context().Done():
			return nil, err
		case <-time.After(reconnectInterval):
		}
	}
}
