package cluster

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// Services is a stand-in for kube-proxy, which cannot run here: it takes the API
// server's own calls to cluster addresses, and forwards them to processes on loopback.
// So webhook configurations are used as users get them, with a Service instead of an
// URL. The API server reaches it by its egress selector.
// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/
type Services struct {
	socket   string
	listener net.Listener
	next     atomic.Uint64
	mu       sync.Mutex
	backends map[string]func() []string
}

// NewServices listens in dir.
func NewServices(dir string) (*Services, error) {
	s := &Services{socket: filepath.Join(dir, "services.sock"), backends: map[string]func() []string{}}
	var err error
	if s.listener, err = net.Listen("unix", s.socket); err != nil {
		return nil, err
	}
	go s.serve()
	return s, nil
}

// Configure makes an API server use it.
func (s *Services) Configure(env *envtest.Environment) error {
	path := filepath.Join(filepath.Dir(s.socket), "egress.yaml")
	env.ControlPlane.GetAPIServer().Configure().Set("egress-selector-config-file", path)
	return os.WriteFile(path, fmt.Appendf(nil, `apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport: {uds: {udsName: %s}}
`, s.socket), 0o600)
}

// Route says where a Service's address ("10.0.0.7:443") leads: one after the other of
// what backends returns for each new connection.
func (s *Services) Route(address string, backends func() []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.backends[address] = backends
}

// Close takes no more connections.
func (s *Services) Close() { _ = s.listener.Close() }

func (s *Services) serve() {
	for {
		connection, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.forward(connection)
	}
}

// forward answers one CONNECT.
func (s *Services) forward(from net.Conn) {
	defer from.Close()
	reader := bufio.NewReader(from)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return
	}
	s.mu.Lock()
	backends := s.backends[request.Host]
	s.mu.Unlock()
	var list []string
	if backends != nil {
		list = backends()
	}
	if len(list) == 0 {
		// As kube-proxy rejects a Service without endpoints.
		_, _ = io.WriteString(from, "HTTP/1.1 503 no endpoints\r\n\r\n")
		return
	}
	to, err := net.DialTimeout("tcp", list[s.next.Add(1)%uint64(len(list))], time.Second)
	if err != nil {
		_, _ = io.WriteString(from, "HTTP/1.1 503 refused\r\n\r\n")
		return
	}
	defer to.Close()
	if _, err := io.WriteString(from, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(to, reader)
		_ = to.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(from, to)
}
