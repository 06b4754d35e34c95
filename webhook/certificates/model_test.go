package certificates

import (
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// world is a model of a cluster: what its API server holds, and replicas that each
// know some earlier state of it. Decisions are those of the package, requests are not.
type world struct {
	now      time.Time
	secret   []*authority.Authority
	version  int
	bundle   [2][]byte
	versions [2]int
	since    map[string]time.Time // of certificates that are in every caBundle, by their DER
	replicas []*modelReplica
}

// modelReplica is a replica, and what its watches have told it.
type modelReplica struct {
	secret   []*authority.Authority
	version  int
	bundle   [2][]byte
	versions [2]int

	current *serving
	trust   trust
	trusted bool // everywhere at some moment since it was put in use
}

const modelSettle = 5 * time.Minute

func (w *world) seen(r *modelReplica) (there []*configuration) {
	for i, bundle := range r.bundle {
		there = append(there, &configuration{generation: int64(r.versions[i]), webhooks: []string{"one"}, bundles: [][]byte{bundle}})
	}
	return there
}

// pass is Keeper.pass with a model of requests that may be lost.
func (w *world) pass(t *rapid.T, r *modelReplica, lost func() bool) {
	configurations := w.seen(r)
	r.trust.observe(configurations, w.now)
	if by := signer(r.secret, r.current, &r.trust, modelSettle, w.now); by != nil && r.current.outdated(by, w.now) {
		since, trusted := w.since[string(by.Certificate.Raw)]
		switch {
		case r.current != nil && authority.Valid(r.current.Leaf, w.now) && !r.current.signs(by):
			if !trusted || w.now.Sub(since) < modelSettle {
				t.Fatalf("a good certificate gives way to one of %v, which API servers may not know yet", by)
			}
		case r.current == nil:
			for _, a := range r.secret {
				if at, ok := w.since[string(a.Certificate.Raw)]; ok && authority.Valid(a.Certificate, w.now) && (!trusted || at.Before(since)) {
					t.Fatalf("a start by %v, although %v has been trusted for longer", by, a)
				}
			}
		}
		leaf, err := by.Issue([]string{"holdfast"}, w.now)
		if err != nil {
			t.Fatal(err)
		}
		r.trusted = r.trusted && r.current.signs(by)
		r.current = &serving{Certificate: leaf, by: by}
	}
	wanted, made, err := needed(r.secret, r.current, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if (made || !slices.Equal(wanted, r.secret)) && r.version == w.version && !lost() {
		w.secret, w.version = wanted, w.version+1
	}
	bundle := bundleFor(r.secret, r.current, configurations, w.now)
	for i, c := range configurations {
		if len(bundle) > 0 && !c.says(bundle) && r.versions[i] == w.versions[i] && !lost() {
			w.bundle[i], w.versions[i] = bundle, w.versions[i]+1
		}
	}
}

// everywhere returns the certificates that stand in every caBundle now.
func (w *world) everywhere() []*x509.Certificate {
	other := authority.Certificates(w.bundle[1])
	return slices.DeleteFunc(authority.Certificates(w.bundle[0]), func(c *x509.Certificate) bool { return !slices.ContainsFunc(other, c.Equal) })
}

// check demands what API servers rely on: a certificate that was trusted once is
// trusted as long as it is valid and served, whoever does what at whatever moment.
func (w *world) check(t *rapid.T) {
	since := map[string]time.Time{}
	for _, c := range w.everywhere() {
		at, ok := w.since[string(c.Raw)]
		if !ok {
			at = w.now
		}
		since[string(c.Raw)] = at
	}
	w.since = since
	for i, r := range w.replicas {
		if r.current == nil || !authority.Valid(r.current.Leaf, w.now) {
			continue
		}
		if _, now := since[string(r.current.by.Certificate.Raw)]; now {
			r.trusted = true
		} else if r.trusted {
			t.Fatalf("replica %d serves by %v, which is not in every caBundle any more", i, r.current.by)
		}
	}
}

// settle lets everything happen that is to happen.
func (w *world) settle(t *rapid.T) {
	for range 4 + len(w.replicas) {
		for _, r := range w.replicas {
			w.tell(r)
			w.pass(t, r, func() bool { return false })
			w.check(t)
		}
		w.now = w.now.Add(modelSettle)
	}
}

// emptied is somebody who empties the caBundles. Until every replica has looked, nobody can
// be trusted; then everybody is again. All hear of it at once, but all
// except the first look only when it is mended. One that does not hear of it is left out.
func (w *world) emptied(t *rapid.T) {
	for i := range w.bundle {
		w.bundle[i], w.versions[i] = nil, w.versions[i]+1
	}
	for _, r := range w.replicas {
		r.trusted = false
	}
	w.check(t)
	for range w.replicas {
		for _, r := range w.replicas {
			w.tell(r)
			w.pass(t, r, func() bool { return false })
		}
	}
	for _, r := range w.replicas {
		w.tell(r)
		r.trusted = true
	}
	w.check(t)
}

func (w *world) tell(r *modelReplica) {
	r.secret, r.version, r.bundle, r.versions = w.secret, w.version, w.bundle, w.versions
}

// Replicas that know different things, act at any moment, are restarted, lose requests,
// with a Secret that is emptied and time that passes: none ever serves a certificate
// that API servers have ceased to trust, and in the end they agree.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{now: time.Now()}
		for range rapid.IntRange(1, 4).Draw(t, "replicas") {
			w.replicas = append(w.replicas, &modelReplica{})
		}
		w.settle(t)
		one := func() *modelReplica { return w.replicas[rapid.IntRange(0, len(w.replicas)-1).Draw(t, "replica")] }
		lost := func() bool { return rapid.IntRange(0, 4).Draw(t, "lost") == 0 }
		t.Repeat(map[string]func(*rapid.T){
			"tell of the Secret":    func(*rapid.T) { r := one(); r.secret, r.version = w.secret, w.version },
			"tell of mutating":      func(*rapid.T) { r := one(); r.bundle[0], r.versions[0] = w.bundle[0], w.versions[0] },
			"tell of validating":    func(*rapid.T) { r := one(); r.bundle[1], r.versions[1] = w.bundle[1], w.versions[1] },
			"look":                  func(t *rapid.T) { w.pass(t, one(), lost) },
			"look again":            func(t *rapid.T) { w.pass(t, one(), lost) },
			"restart":               func(*rapid.T) { r := one(); *r = modelReplica{}; w.tell(r) },
			"somebody empties it":   func(*rapid.T) { w.secret, w.version = nil, w.version+1 },
			"empty caBundles":       func(t *rapid.T) { w.emptied(t) },
			"a moment":              func(*rapid.T) { w.now = w.now.Add(time.Minute) },
			"a week, all looked at": func(t *rapid.T) { w.settle(t); w.now = w.now.Add(7 * 24 * time.Hour) },
			"months":                func(t *rapid.T) { w.settle(t); w.now = w.now.Add(125 * 24 * time.Hour) },
			"":                      func(t *rapid.T) { w.check(t) },
		})
		w.settle(t)
		if len(w.secret) != 1 {
			t.Fatalf("got %d authorities in the end, want one", len(w.secret))
		}
		for i, r := range w.replicas {
			if !r.current.signs(w.secret[0]) || !r.trusted || !authority.Valid(r.current.Leaf, w.now) {
				t.Fatalf("replica %d does not serve by the one authority", i)
			}
		}
		if w.bundle[0] == nil || string(w.bundle[0]) != string(w.bundle[1]) {
			t.Fatal("the caBundles differ in the end")
		}
	})
}
