package certificates

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// Keeper keeps a certificate for one Service. What is in the cluster it is told by
// the functions Secret, Mutating and Validating; Run works on it.
type Keeper struct {
	service  types.NamespacedName
	names    []string
	client   client.Client // writes only
	times    Times
	metrics  *Metrics
	served   func(*x509.Certificate)
	log      logr.Logger
	troubles *troubles
	wake     chan struct{} // capacity 1: there may be something to do

	// As watched; nil if it does not exist.
	secret     atomic.Pointer[corev1.Secret]
	mutating   atomic.Pointer[configuration]
	validating atomic.Pointer[configuration]

	current      atomic.Pointer[serving]
	trustedSince atomic.Pointer[time.Time] // of the current one; nil if it is not
	arrived      atomic.Bool

	// Run alone touches these.
	trust trust
	unfit map[string]error // why authorities cannot sign, by their DER
	paces map[string]*pace
}

// New makes a Keeper that does nothing yet. served is told of each certificate that
// is put in use.
func New(service types.NamespacedName, to client.Client, times Times, metrics *Metrics, served func(*x509.Certificate), log logr.Logger) *Keeper {
	return &Keeper{
		service: service, names: dnsNames(service.Namespace, service.Name), client: to, times: times.withDefaults(),
		metrics: metrics, served: served, log: log, troubles: &troubles{log: log, metrics: metrics, now: map[string]string{}},
		wake: make(chan struct{}, 1), unfit: map[string]error{}, paces: map[string]*pace{},
	}
}

// GetCertificate is for tls.Config. It waits for nothing.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if current := k.current.Load(); current != nil {
		return current.Certificate, nil
	}
	return nil, errNotYet
}

// Secret tells of a version of the Secret, nil that there is none.
func (k *Keeper) Secret(s *corev1.Secret) { k.secret.Store(s); k.awake() }

// Mutating tells of a version of the configuration, nil that there is none.
func (k *Keeper) Mutating(o *admissionregistrationv1.MutatingWebhookConfiguration) {
	if o == nil {
		k.mutating.Store(nil)
	} else {
		k.mutating.Store(fromMutating(o))
	}
	k.awake()
}

// Validating tells of a version of the configuration, nil that there is none.
func (k *Keeper) Validating(o *admissionregistrationv1.ValidatingWebhookConfiguration) {
	if o == nil {
		k.validating.Store(nil)
	} else {
		k.validating.Store(fromValidating(o))
	}
	k.awake()
}

func (k *Keeper) awake() {
	select {
	case k.wake <- struct{}{}:
	default: // it is awake
	}
}

// Run works until ctx ends. It begins after all that is watched was told once.
func (k *Keeper) Run(ctx context.Context) {
	for {
		next := k.survive(ctx)
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-time.After(next):
		}
	}
}

// survive is a pass that a defect does not end the process with: admission goes on
// with the certificate that there is.
func (k *Keeper) survive(ctx context.Context) (next time.Duration) {
	defer func() {
		if caught := recover(); caught != nil {
			k.log.Error(fmt.Errorf("panic: %v\n%s", caught, debug.Stack()), "a defect, going on")
			next = k.times.Poll
		}
	}()
	return k.pass(ctx)
}

// pass looks at everything once, and returns when to look again.
func (k *Keeper) pass(ctx context.Context) time.Duration {
	now := k.times.Now()
	secret := k.secret.Load()
	configurations := []*configuration{k.mutating.Load(), k.validating.Load()}
	k.trust.observe(configurations, now)
	there, damage := k.read(secret)
	k.serve(there, now)

	next := k.times.Poll
	next = min(next, k.keepSecret(ctx, secret, there, damage, now))
	bundle := bundleFor(there, k.current.Load(), configurations, now)
	for i, kind := range []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"} {
		next = min(next, k.keepBundle(ctx, kind+" "+ConfigurationName, configurations[i], bundle))
	}
	k.report(now)
	return next
}

// serve puts another certificate in use where that is due.
func (k *Keeper) serve(there []*authority.Authority, now time.Time) {
	current := k.current.Load()
	by := signer(there, current, &k.trust, k.times.Settle, now)
	if by == nil || !current.outdated(by, now) {
		return
	}
	made, err := by.Issue(k.names, now)
	if err != nil {
		k.metrics.errors.WithLabelValues(string(taskSign)).Inc()
		k.unfit[string(by.Certificate.Raw)] = err
		k.awake() // to read the Secret again, without this one
		return
	}
	k.current.Store(&serving{Certificate: made, by: by})
	k.served(made.Leaf)
	k.metrics.authorityEnds.Set(float64(by.Certificate.NotAfter.Unix()))
	k.log.Info("serving certificate made", "serial", authority.Serial(made.Leaf), "dnsNames", made.Leaf.DNSNames, "notAfter", made.Leaf.NotAfter.UTC().Format(time.RFC3339),
		"authority", authority.Serial(by.Certificate), "authorityNotAfter", by.Certificate.NotAfter.UTC().Format(time.RFC3339))
}

// report tells since when the current certificate is trusted.
func (k *Keeper) report(now time.Time) {
	trusted := 0.0
	k.trustedSince.Store(nil)
	if current := k.current.Load(); current != nil && k.trust.longer(current.by.Certificate, 0, now) {
		at := k.trust.since[string(current.by.Certificate.Raw)]
		k.trustedSince.Store(&at)
		trusted = 1
	}
	k.metrics.trusted.Set(trusted)
}

// pace is when something was last written, and how long to wait before the next time.
type pace struct {
	at   time.Time
	wait time.Duration
}

// pace returns how long to wait before an object is written; 0 is the permission to
// do it now.
func (k *Keeper) pace(object string) time.Duration {
	p, most := k.paces[object], 150*k.times.Pause
	now := time.Now()
	switch {
	case p == nil || now.Sub(p.at) > 2*most: // all was quiet
		k.paces[object] = &pace{at: now, wait: k.times.Pause}
		return 0
	case now.Sub(p.at) < p.wait:
		return p.wait - now.Sub(p.at)
	}
	p.at, p.wait = now, min(2*p.wait, most)
	return 0
}
