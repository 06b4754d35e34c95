package certificates_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// pod is one that holdfast patches.
func pod() *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", GenerateName: "cart-"}}
	pod.Spec.Containers = []corev1.Container{{Name: "cart", Image: "cart:1", Env: []corev1.EnvVar{{Name: "REDIS_URL", Value: "redis://sessions.example.com:6379/0"}}}}
	return pod
}

// create creates a pod, in a dry run, and reports whether it was patched.
func create(ctx context.Context) (patched bool, err error) {
	p := pod()
	err = shared.Client.Create(ctx, p, client.DryRunAll)
	return strings.Contains(p.Annotations["holdfast.dev/applied"], `"redis"`), err
}

// stream creates pods without a pause, and shakes hands with every replica as an
// API server does that has read the caBundle a moment ago and none since.
type stream struct {
	stop  func()
	count struct{ pods, handshakes atomic.Int64 }

	mu    sync.Mutex
	wrong []string
}

// lag is how far the API server of stream's handshakes is behind.
const lag = 300 * time.Millisecond

func pour(t *testing.T, replicas []*replica) *stream {
	t.Helper()
	s := &stream{}
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	begin := time.Now()
	failed := func(format string, args ...any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wrong = append(s.wrong, fmt.Sprintf("%.3fs: ", time.Since(begin).Seconds())+fmt.Sprintf(format, args...))
	}
	for range 2 {
		tasks.Go(func() {
			for ctx.Err() == nil {
				patched, err := create(context.WithoutCancel(ctx))
				switch {
				case err != nil:
					failed("creating a pod failed: %v", err)
				case !patched:
					failed("a pod was not patched")
				}
				s.count.pods.Add(1)
			}
		})
	}
	known := bundles(t)
	tasks.Go(func() {
		for ctx.Err() == nil {
			next, err := readBundles(context.WithoutCancel(ctx))
			if err != nil {
				failed("reading caBundle: %v", err)
			}
			for end := time.Now().Add(lag); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
				for i, r := range replicas {
					if ok, _ := r.ready(); !ok { // no endpoint of the Service
						continue
					}
					for _, bundle := range known {
						if _, err := r.shake(bundle); err != nil {
							failed("handshake with replica %d: %v", i, err)
						}
						s.count.handshakes.Add(1)
					}
				}
			}
			known = next
		}
	})
	s.stop = sync.OnceFunc(func() { cancel(); tasks.Wait() })
	t.Cleanup(s.stop)
	return s
}

// flawless ends the stream and demands that nothing went wrong.
func (s *stream) flawless(t *testing.T) {
	t.Helper()
	s.stop()
	t.Logf("%d pods, %d handshakes, %d wrong", s.count.pods.Load(), s.count.handshakes.Load(), len(s.wrong))
	if s.count.pods.Load() < 10 || s.count.handshakes.Load() < 10 {
		t.Error("got too few pods or handshakes to say anything")
	}
	if len(s.wrong) > 0 {
		t.Errorf("got %d failures, want none; the first: %s", len(s.wrong), s.wrong[0])
	}
}

// everywhereSays waits until all caBundles are one, and hold so many certificates.
func everywhereSays(t *testing.T, certificates int) (bundle []byte) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d certificates in all caBundles", certificates), func() (bool, string) {
		all := bundles(t)
		bundle = all[0]
		for _, b := range all {
			if !bytes.Equal(b, bundle) || bytes.Count(b, []byte("BEGIN CERTIFICATE")) != certificates {
				return false, fmt.Sprintf("%q", all)
			}
		}
		return true, ""
	})
	return bundle
}
