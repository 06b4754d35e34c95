package certificates

import (
	"cmp"
	"time"
)

// Names that the installation ships, and that the roles name.
const (
	// SecretName is the Secret with the authority. It is shipped without data, so
	// that no tool that applies manifests sees what is filled in as a change.
	SecretName = "holdfast-ca"
	// ConfigurationName is that of both webhook configurations.
	ConfigurationName = "holdfast"
	// fieldManager owns caBundle and nothing else.
	fieldManager = "holdfast-certificates"
)

// Times are how long things wait. Zero values are the defaults.
type Times struct {
	// Settle is how long a new authority stands in every caBundle before
	// anything is signed by it, 5m. An API server follows the configurations by a
	// watch, within a second; one that has lost its watch asks again within a
	// minute.
	// Source: https://github.com/kubernetes/client-go/blob/v0.37.2/tools/cache/reflector.go (defaultBackoffMax)
	Settle time.Duration
	// Arrive is how long readiness waits after that, where nothing was served
	// before, 2s: API servers should have followed when the first review comes.
	Arrive time.Duration
	// Poll is how often the clock is looked at, 1m. Changes are seen at once.
	Poll time.Duration
	// Pause is the wait before something is written again, 200ms; it doubles up to
	// a hundred and fifty times that. So neither an API server in trouble nor somebody
	// who keeps overwriting a caBundle is answered with a storm.
	Pause time.Duration
	// Now is the clock of validity, time.Now.
	Now func() time.Time
}

func (t Times) withDefaults() Times {
	t.Settle = cmp.Or(t.Settle, 5*time.Minute)
	t.Arrive = cmp.Or(t.Arrive, 2*time.Second)
	t.Poll = cmp.Or(t.Poll, time.Minute)
	t.Pause = cmp.Or(t.Pause, 200*time.Millisecond)
	if t.Now == nil {
		t.Now = time.Now
	}
	return t
}

// requestTimeout bounds one request to the API server.
const requestTimeout = 10 * time.Second

// dnsNames are the names by which a Service is called; API servers use the third.
func dnsNames(namespace, name string) []string {
	local := name + "." + namespace + ".svc"
	return []string{name, name + "." + namespace, local, local + ".cluster.local"}
}
