// Package kubelet has a stand-in for the kubelet of one node, where no kubelet can
// run. It knows one thing: to forward a port of a pod (kubectl port-forward), for the
// real API server in front of it, in the kubelet's own protocol. Where a pod's port
// is to be found, its caller says. It runs no pods, and believes everybody who asks.
package kubelet

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Dial connects to a port inside a pod.
type Dial func(ctx context.Context, namespace, pod string, port uint16) (net.Conn, error)

// Kubelet is a running stand-in on loopback.
type Kubelet struct {
	server *httptest.Server
	dial   Dial
}

// Start starts it.
func Start(dial Dial) *Kubelet {
	k := &Kubelet{dial: dial}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /portForward/{namespace}/{pod}", k.portForward)
	// An API server does not check the certificate unless it is told to.
	k.server = httptest.NewTLSServer(mux)
	return k
}

// Close ends it and what it forwards.
func (k *Kubelet) Close() {
	k.server.CloseClientConnections()
	k.server.Close()
}

// Addr is where it listens.
func (k *Kubelet) Addr() string { return k.server.Listener.Addr().String() }

// Register makes the Node by which the API server finds the kubelet.
func (k *Kubelet) Register(ctx context.Context, c client.Client, name string) error {
	address := k.server.Listener.Addr().(*net.TCPAddr)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := c.Create(ctx, node); err != nil {
		return fmt.Errorf("creating node %s: %w", name, err)
	}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address.IP.String()}}
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(address.Port)
	if err := c.Status().Update(ctx, node); err != nil {
		return fmt.Errorf("telling the address of node %s: %w", name, err)
	}
	return nil
}

// protocol is the one version of port forwarding.
// Source: https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/client-go/tools/portforward/portforward.go
const protocol = "portforward.k8s.io"

// portForward takes streams in pairs, one for errors and one for bytes, which have a
// request's number in common, and connects each pair to a port.
func (k *Kubelet) portForward(w http.ResponseWriter, r *http.Request) {
	if _, err := httpstream.Handshake(r, w, []string{protocol}); err != nil {
		return // answered
	}
	streams := make(chan httpstream.Stream)
	over := make(chan struct{})
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
		go func() {
			select {
			case streams <- s:
			case <-over:
			}
		}()
		return nil
	})
	if conn == nil {
		return // answered
	}
	defer conn.Close()
	defer close(over)
	conn.SetIdleTimeout(time.Minute)
	var running sync.WaitGroup
	defer running.Wait()
	waiting := map[string]httpstream.Stream{} // the first of a pair, by number
	for {
		select {
		case <-conn.CloseChan():
			return
		case s := <-streams:
			number := s.Headers().Get(corev1.PortForwardRequestIDHeader)
			other, ok := waiting[number]
			if !ok {
				waiting[number] = s
				continue
			}
			delete(waiting, number)
			failure, data := other, s
			if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				failure, data = s, other
			}
			running.Go(func() {
				defer conn.RemoveStreams(failure, data)
				defer failure.Close()
				if err := k.forward(r, data); err != nil {
					fmt.Fprint(failure, err)
				}
			})
		}
	}
}

// forward carries bytes until one side ends.
func (k *Kubelet) forward(r *http.Request, data httpstream.Stream) error {
	defer data.Close()
	text := data.Headers().Get(corev1.PortHeader)
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return fmt.Errorf("got port %q, want a number", text)
	}
	far, err := k.dial(r.Context(), r.PathValue("namespace"), r.PathValue("pod"), uint16(port))
	if err != nil {
		return fmt.Errorf("connecting to port %d of the pod: %w", port, err)
	}
	defer far.Close()
	go func() { _, _ = io.Copy(far, data) }() // ends with either of them
	_, _ = io.Copy(data, far)
	return nil
}
