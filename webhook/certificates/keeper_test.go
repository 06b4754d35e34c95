package certificates

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

func newKeeper(log *[]string) *Keeper {
	logger := funcr.New(func(_, args string) { *log = append(*log, args) }, funcr.Options{})
	return New(types.NamespacedName{Namespace: "holdfast-system", Name: "holdfast"}, nil, Times{}, NewMetrics(), nil, logger)
}

// Somebody who overwrites again and again is answered slower and slower; after a quiet
// time at once.
func TestPace(t *testing.T) {
	var log []string
	k := newKeeper(&log)
	if got := k.pace("x"); got != 0 {
		t.Fatalf("the first time: got a wait of %s", got)
	}
	for _, want := range []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond} {
		if got := k.pace("x"); got > want || got < want/2 {
			t.Fatalf("got a wait of %s, want %s", got, want)
		}
		k.paces["x"].at = time.Now().Add(-want)
		if got := k.pace("x"); got != 0 {
			t.Fatalf("after %s: got a wait of %s", want, got)
		}
	}
	for range 20 {
		k.paces["x"].at = time.Now().Add(-31 * time.Second)
		k.pace("x")
	}
	if got := k.pace("x"); got > 30*time.Second || got < 29*time.Second {
		t.Errorf("got a wait of %s, want 30s at most", got)
	}
	if got := k.pace("y"); got != 0 {
		t.Errorf("another object: got a wait of %s", got)
	}
	k.paces["x"].at = time.Now().Add(-2 * time.Minute)
	if got := k.pace("x"); got != 0 {
		t.Errorf("after a quiet time: got a wait of %s", got)
	}
}

// A defect ends neither the process nor the work.
func TestSurvives(t *testing.T) {
	var log []string
	k := newKeeper(&log) // without a client, so that writing panics
	k.Secret(&corev1.Secret{})
	if next := k.survive(t.Context()); next != time.Minute || !strings.Contains(strings.Join(log, "\n"), "a defect, going on") {
		t.Errorf("got %s and log %q, want a minute and the defect", next, log)
	}
	if err := k.Check(); err == nil {
		t.Error("got ready without a certificate")
	}
}

// Ready is who serves what API servers have had the time to trust; once that was so,
// only a certificate that is of no use itself changes it.
func TestCheck(t *testing.T) {
	var log []string
	k := newKeeper(&log)
	now := time.Now()
	k.times.Now = func() time.Time { return now }
	a := made(t, now)
	leaf, err := a.Issue(k.names, now)
	if err != nil {
		t.Fatal(err)
	}
	says := func(want string) {
		t.Helper()
		if err := k.Check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	says("no serving certificate yet")
	k.current.Store(&serving{Certificate: leaf, by: a})
	says("not in the caBundle of every webhook yet")
	since := now
	k.trustedSince.Store(&since)
	now = now.Add(time.Second)
	says("API servers get 2s")
	now = now.Add(time.Second)
	says("")
	k.trustedSince.Store(nil)
	says("")
	now = leaf.Leaf.NotAfter.Add(time.Second)
	says("the serving certificate is valid from")
}

// A new authority has stood in the caBundles for as long as every state was seen. One that
// nobody looked at, or that the watch never told, may have been without it.
func TestMissedState(t *testing.T) {
	type state struct {
		uid        types.UID
		generation int64
		bundle     []byte
	}
	meta := func(s state) metav1.ObjectMeta { return metav1.ObjectMeta{UID: s.uid, Generation: s.generation} }
	mutating := func(k *Keeper, s state) {
		k.Mutating(&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: meta(s), Webhooks: []admissionregistrationv1.MutatingWebhook{
			{ClientConfig: admissionregistrationv1.WebhookClientConfig{CABundle: s.bundle}},
		}})
	}
	validating := func(k *Keeper, s state) {
		k.Validating(&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: meta(s), Webhooks: []admissionregistrationv1.ValidatingWebhook{
			{ClientConfig: admissionregistrationv1.WebhookClientConfig{CABundle: s.bundle}},
		}})
	}
	begin := time.Now()
	older, newer := made(t, begin), made(t, begin)
	one := authority.Bundle([]*x509.Certificate{older.Certificate}, nil, begin)
	both := authority.Bundle([]*x509.Certificate{older.Certificate, newer.Certificate}, nil, begin)
	for what, c := range map[string]struct {
		told   []state // between two passes
		missed bool
	}{
		"nothing":                  {nil, false},
		"the same once more":       {[]state{{"a", 2, both}}, false},
		"another field changed":    {[]state{{"a", 3, both}}, false},
		"emptied and filled again": {[]state{{"a", 3, nil}, {"a", 4, one}, {"a", 5, both}}, true},
		"emptied and filled again, the watch was away": {[]state{{"a", 4, both}}, true},
		"made anew":                {[]state{{"b", 2, both}}, true},
		"an earlier state is back": {[]state{{"a", 1, both}}, true},
	} {
		for which, tell := range map[string]func(*Keeper, state){"mutating": mutating, "validating": validating} {
			t.Run(which+" "+what, func(t *testing.T) {
				var log []string
				k := newKeeper(&log) // without a client: it finds everything as it should be
				now := begin
				k.times.Now, k.served = func() time.Time { return now }, func(*x509.Certificate) {}
				serves := func(a *authority.Authority) {
					t.Helper()
					if k.pass(t.Context()); !k.current.Load().signs(a) {
						t.Errorf("after %s: got a certificate of %v, want one of %v", now.Sub(begin), k.current.Load().by, a)
					}
				}
				k.Secret(holding(t, older))
				mutating(k, state{"a", 1, one})
				validating(k, state{"a", 1, one})
				serves(older)
				k.Secret(holding(t, newer)) // somebody wants another one
				mutating(k, state{"a", 2, both})
				validating(k, state{"a", 2, both})
				serves(older)

				now = begin.Add(4 * time.Minute)
				for _, s := range c.told {
					tell(k, s)
				}
				now = begin.Add(5 * time.Minute)
				if c.missed {
					serves(older)
					now = begin.Add(10 * time.Minute)
				}
				serves(newer)
			})
		}
	}
}

func made(t *testing.T, now time.Time) *authority.Authority {
	t.Helper()
	a, err := authority.New(now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func holding(t *testing.T, a *authority.Authority) *corev1.Secret {
	t.Helper()
	data, err := authority.Data([]*authority.Authority{a})
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.Secret{Data: data}
}
