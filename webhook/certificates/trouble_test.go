package certificates_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// switched waits until all replicas serve certificates of this authority.
func switched(t *testing.T, replicas []*replica, to *authority.Authority) {
	t.Helper()
	bundle := authority.Bundle(authority.Certificates(pemOf(t, to)), nil, time.Now())
	eventually(t, "certificates of the new authority", func() (bool, string) {
		for i, r := range replicas {
			if _, err := r.shake(bundle); err != nil {
				return false, fmt.Sprintf("replica %d: %v", i, err)
			}
		}
		return true, ""
	})
}

func pemOf(t *testing.T, a *authority.Authority) []byte {
	t.Helper()
	data, err := authority.Data([]*authority.Authority{a})
	if err != nil {
		t.Fatal(err)
	}
	return data[authority.CertificatesKey]
}

// Whatever somebody writes into the Secret: it is told, mended, and no pod notices.
func TestSpoiledSecret(t *testing.T) {
	reset(t)
	replicas := startReady(t, 2, &clock{})
	everywhereSays(t, 1)
	s := pour(t, replicas)
	expired, err := authority.New(time.Now().Add(-authority.Lifetime - time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	expiredData, err := authority.Data([]*authority.Authority{expired})
	if err != nil {
		t.Fatal(err)
	}
	for i, spoiled := range []struct {
		what string
		data map[string][]byte
		told string // in a log
	}{
		{"garbage", map[string][]byte{"ca.crt": []byte("garbage"), "ca.key": []byte("garbage")}, "got 7 bytes in ca.crt that are no PEM"},
		{"emptied", nil, ""},
		{"expired", expiredData, ""},
		{"certificate without key", map[string][]byte{"ca.crt": pemOf(t, expired)}, "got 0 bytes in ca.key that are no PEM"},
	} {
		edit(t, spoiled.data)
		var there []*authority.Authority
		eventually(t, spoiled.what+": an authority in the Secret", func() (bool, string) {
			there = inSecret(t)
			return len(there) == 1 && !authority.Expired(there[0].Certificate, time.Now()), fmt.Sprint(there)
		})
		switched(t, replicas, there[0])
		everywhereSays(t, i+2) // those before may still be served by somebody
		logs := replicas[0].log() + replicas[1].log()
		if !strings.Contains(logs, spoiled.told) {
			t.Errorf("%s: got logs that do not say %q", spoiled.what, spoiled.told)
		}
	}
	s.flawless(t)
}

// A CA of somebody's own is used, if it can sign; one that cannot is told and replaced.
func TestForeignAuthority(t *testing.T) {
	reset(t)
	replicas := startReady(t, 1, &clock{})
	s := pour(t, replicas)
	own, useless := foreign(t, "shop CA", nil), foreign(t, "useless CA", []string{"example.com"})
	edit(t, own)
	there, err := authority.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	switched(t, replicas, there[0])
	if got := inSecret(t); len(got) != 1 || !got[0].Certificate.Equal(there[0].Certificate) {
		t.Errorf("got %v in the Secret, want the CA that was put there", got)
	}
	edit(t, useless)
	eventually(t, "the log", func() (bool, string) {
		log := replicas[0].log()
		return strings.Contains(log, "would not be trusted") && strings.Contains(log, "what is unusable was replaced"), log
	})
	mended := inSecret(t)
	if len(mended) != 1 || mended[0].Certificate.Subject.CommonName != "holdfast-ca" {
		t.Fatalf("got %v, want an authority of holdfast's", mended)
	}
	switched(t, replicas, mended[0])
	s.flawless(t)
}

// Somebody empties caBundle, or puts in something else: it is back at once.
func TestSpoiledBundle(t *testing.T) {
	reset(t)
	replicas := startReady(t, 2, &clock{})
	good := everywhereSays(t, 1)
	for _, spoiled := range [][]byte{nil, []byte("-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n")} {
		retry(t, func() error {
			mutating, _ := configurations(t)
			mutating.Webhooks[0].ClientConfig.CABundle = spoiled
			return shared.Client.Update(t.Context(), mutating)
		})
		begin := time.Now()
		if got := everywhereSays(t, 1); !bytes.Equal(got, good) {
			t.Fatalf("got %s, want %s", got, good)
		}
		t.Logf("repaired after %s", time.Since(begin).Round(time.Millisecond))
		eventually(t, "patched pods", func() (bool, string) {
			patched, err := create(t.Context())
			return patched, fmt.Sprint(err)
		})
		for i, r := range replicas {
			if ok, body := r.ready(); !ok {
				t.Errorf("replica %d is not ready any more, which would make it worse: %s", i, body)
			}
		}
	}
}

// Without the Secret what is served goes on being served, everybody is told, and all
// is well again when it is back, empty as it is shipped.
func TestDeletedSecret(t *testing.T) {
	reset(t)
	replicas := startReady(t, 2, &clock{})
	everywhereSays(t, 1)
	s := pour(t, replicas)
	if err := shared.Client.Delete(t.Context(), secretObject()); err != nil {
		t.Fatal(err)
	}
	const told = "[!] certificate: Secret holdfast-system/holdfast-ca: it does not exist, want it empty: kubectl create secret generic -n holdfast-system holdfast-ca"
	for i, r := range replicas {
		eventually(t, "what is wrong", func() (bool, string) { _, body := r.ready(); return strings.Contains(body, told), body })
		if ok, body := r.ready(); !ok {
			t.Errorf("replica %d is not ready although it serves: %s", i, body)
		}
	}
	later := start(t, 1, &clock{}, shared.config)
	eventually(t, "what a replica waits for that starts now", func() (bool, string) {
		ok, body := later[0].ready()
		return !ok && strings.Contains(body, told) && strings.Contains(body, "[-] certificate failed: no serving certificate yet"), body
	})
	if err := shared.Apply(t.Context(), secretObject()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "readiness", later[0].ready)
	switched(t, append(replicas, later...), inSecret(t)[0])
	for i, r := range replicas {
		eventually(t, "an end of what is told", func() (bool, string) { _, body := r.ready(); return !strings.Contains(body, "[!]"), body })
		if log := r.log(); strings.Count(log, "keeping the certificates failed") != 1 {
			t.Errorf("replica %d: got a log that does not tell it once:\n%s", i, log)
		}
	}
	s.flawless(t)
}

// A replica that cannot reach the API server while the authority is rotated goes on
// serving, trusted, and follows later.
func TestAwayDuringRotation(t *testing.T) {
	reset(t)
	replicas := startReady(t, 3, &clock{})
	everywhereSays(t, 1)
	old := inSecret(t)[0]
	s := pour(t, replicas)
	away, others := replicas[0], replicas[1:]
	away.line.cut()
	fill(t) // as people do who want another authority
	var next []*authority.Authority
	eventually(t, "another authority", func() (bool, string) { next = inSecret(t); return len(next) == 1, fmt.Sprint(next) })
	switched(t, others, next[0])
	if _, err := away.shake(pemOf(t, old)); err != nil {
		t.Errorf("the replica that is away: got %v, want what it served before", err)
	}
	if ok, body := away.ready(); !ok {
		t.Errorf("the replica that is away is not ready, although it serves: %s", body)
	}
	away.line.mend()
	switched(t, replicas[:1], next[0])
	s.flawless(t)
}
