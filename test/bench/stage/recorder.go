package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
)

// reviewKey is what the reviews of pods differ in.
type reviewKey struct {
	size     pods.Size
	evidence pods.Evidence
}

// recordReviews keeps what the API server sends about each pod, to the byte. It asks a webhook
// that answers nothing, and goes on without it.
func (s *Stage) recordReviews(ctx context.Context) error {
	const recorder = "recorder"
	seen := make(chan []byte, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			seen <- body
		}
	})}
	defer server.Close()
	go func() {
		_ = server.ServeTLS(listener, filepath.Join(s.certDir(), "tls.crt"), filepath.Join(s.certDir(), "tls.key"))
	}()
	if err := s.configure(ctx, recorder, listener.Addr().String()); err != nil {
		return err
	}
	deadline := time.Now().Add(inForceTime)
	for size := range pods.Sizes {
		for _, evidence := range []pods.Evidence{pods.Plain, pods.InConfigMap, pods.Nowhere} {
			body, err := json.Marshal(pods.Pod(pods.Size(size), evidence, recorder))
			if err != nil {
				return err
			}
			for key := (reviewKey{pods.Size(size), evidence}); s.reviews[key] == nil; {
				if _, err := s.create(ctx, body); err != nil {
					return err
				}
				select {
				case s.reviews[key] = <-seen:
				default:
					if time.Now().After(deadline) {
						return fmt.Errorf("the API server asked no webhook within %s", inForceTime)
					}
					time.Sleep(20 * time.Millisecond)
				}
			}
		}
	}
	return nil
}
