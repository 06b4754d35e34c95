package webhook

import "time"

// Paths of the endpoints beside those of package admission.
const (
	// healthzPath says that the process runs.
	healthzPath = "/healthz"
	// ReadyzPath says that decisions can be served, and if not, why.
	ReadyzPath = "/readyz"
	// metricsPath serves the metrics.
	metricsPath = "/metrics"
)

// Files of a mounted certificate, as in Secrets of type kubernetes.io/tls.
const (
	certFile = "tls.crt"
	keyFile  = "tls.key"
)

// shutdownTimeout bounds waiting for requests in flight after the drain period.
const shutdownTimeout = 10 * time.Second

// What connections may cost. One takes about 50 KB with its handshake and its
// buffers.
const (
	// maxConnections bounds those for reviews. An API server decides 200 changes
	// at a time by default, each on a connection of its own.
	// Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/ (max-mutating-requests-inflight)
	maxConnections = 512
	// maxProbes bounds those for health and those for metrics.
	maxProbes = 64
	// maxHeaderBytes bounds the header of a request; an API server's has 300 bytes.
	maxHeaderBytes = 16 << 10
)
