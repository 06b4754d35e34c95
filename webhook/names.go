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

const (
	// requestTimeout bounds reading a request. An API server waits 30 s at most.
	// Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#timeouts
	requestTimeout = 35 * time.Second
	// headerTimeout bounds the handshake with the first request's header, and the header of each
	// further request from its first byte.
	headerTimeout = 10 * time.Second
	// idleTimeout is how long a connection is kept without a request: longer than
	// API servers keep it, so that they end it. Who gets a connection ended under
	// a request that is just under way takes it for a failed call.
	// Source: https://pkg.go.dev/net/http#DefaultTransport (IdleConnTimeout, 90 s)
	idleTimeout = 150 * time.Second
	// answerTimeout is how much longer the answer may take, so that whoever
	// sent too slowly is told so.
	answerTimeout = 5 * time.Second
	// sweepEvery is how often connections are looked over: what takes too long ends so much later
	// than it might, at most.
	sweepEvery = time.Second
	// shutdownTimeout bounds waiting for requests in flight after the drain
	// period.
	shutdownTimeout = 10 * time.Second
)

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
