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
	// answerTimeout is how much longer the answer may take, so that whoever
	// sent too slowly is told so.
	answerTimeout = 5 * time.Second
	// shutdownTimeout bounds waiting for requests in flight after the drain
	// period.
	shutdownTimeout = 10 * time.Second
)
