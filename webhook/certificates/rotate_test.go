package certificates_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// Replicas that start at once on an empty Secret agree on one authority; the first
// pod is patched as soon as they are ready.
func TestFreshStart(t *testing.T) {
	for _, n := range []int{2, 5} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			reset(t)
			begin := time.Now()
			replicas := startReady(t, n, &clock{})
			bundle := everywhereSays(t, 1)
			there := inSecret(t)
			if len(there) != 1 || !there[0].Certificate.Equal(authority.Certificates(bundle)[0]) {
				t.Fatalf("got authorities %v in the Secret, want the one of the caBundle", there)
			}
			for i, r := range replicas {
				leaf, err := r.shake(bundle)
				if err != nil {
					t.Fatalf("replica %d: %v", i, err)
				}
				metrics := r.metrics()
				for _, want := range []string{
					fmt.Sprintf("\nholdfast_certificate_expiry_timestamp_seconds %v\n", float64(leaf.NotAfter.Unix())),
					fmt.Sprintf("\nholdfast_certificate_authority_expiry_timestamp_seconds %v\n", float64(there[0].Certificate.NotAfter.Unix())),
					"\nholdfast_certificate_loaded 1\n", "\nholdfast_certificate_trusted 1\n",
					"\nholdfast_certificate_errors_total{task=\"secret\"} 0\n",
				} {
					if !strings.Contains(metrics, want) {
						t.Errorf("replica %d: metrics lack %q:\n%s", i, want, metrics)
					}
				}
				if log := r.log(); strings.Contains(log, "PRIVATE") || strings.Contains(log, "not allowed") {
					t.Errorf("replica %d: got a log that shows a key, or that rights are missing:\n%s", i, log)
				}
			}
			eventually(t, "the first patched pod", func() (bool, string) {
				patched, err := create(t.Context())
				return patched, fmt.Sprint(err)
			})
			t.Logf("first patched pod after %s", time.Since(begin).Round(time.Millisecond))
		})
	}
}

// Only caBundle is holdfast's: who applies the installation again neither collides
// with it nor takes it away, and it writes nothing when nothing differs.
func TestOwnsNothingButTheBundle(t *testing.T) {
	reset(t)
	emptyMutating, emptyValidating := configurations(t)
	replicas := startReady(t, 1, &clock{})
	everywhereSays(t, 1)
	mutating, validating := configurations(t)
	for object, empty := range map[client.Object]client.Object{mutating: emptyMutating, validating: emptyValidating} {
		if got, want := object.GetGeneration(), empty.GetGeneration()+1; got != want {
			t.Errorf("%T: got generation %d after one write, want %d, or nobody knows which states were missed", object, got, want)
		}
		owned := ""
		for _, entry := range object.GetManagedFields() {
			if entry.Manager == "holdfast-certificates" {
				owned = entry.FieldsV1.GetRawString()
			}
		}
		var fields any
		if err := json.Unmarshal([]byte(owned), &fields); err != nil || strings.Count(owned, `"f:`) != 4 || !strings.Contains(owned, `"f:caBundle"`) || !strings.Contains(owned, `"f:name"`) {
			t.Errorf("%T: got fields %s, want webhooks, their name and caBundle", object, owned)
		}
	}
	if err := install(t.Context()); err != nil {
		t.Fatal(err)
	}
	everywhereSays(t, 1)
	again, _ := configurations(t)
	if again.ResourceVersion != mutating.ResourceVersion {
		t.Errorf("got version %s after %s, want nothing written", again.ResourceVersion, mutating.ResourceVersion)
	}
	if metrics := replicas[0].metrics(); !strings.Contains(metrics, `holdfast_certificate_writes_total{task="configure"} 2`) {
		t.Errorf("got other writes than the two that are needed:\n%s", metrics)
	}
}

// The serving certificate and then the authority come to the end of their time, while
// pods are created all along. No pod fails, none stays unpatched, and an API server
// that is a little behind trusts every replica at every moment.
func TestRotation(t *testing.T) {
	reset(t)
	real := time.Now()
	const created = 365*24*time.Hour - (365*24+1)*time.Hour/3 // from the beginning of an authority until its successor is due
	old, err := authority.New(real.Add(-created).Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	fill(t, old)
	c := &clock{}
	c.set(-21 * 24 * time.Hour)
	replicas := startReady(t, 3, c)
	everywhereSays(t, 1)
	s := pour(t, replicas)
	serials := func() (all []string) {
		bundle := bundles(t)[0]
		for i, r := range replicas {
			leaf, err := r.shake(bundle)
			if err != nil {
				t.Fatalf("replica %d: %v", i, err)
			}
			all = append(all, authority.Serial(leaf))
		}
		return all
	}
	renewed := func(what string, before []string) {
		t.Helper()
		eventually(t, what+" on all replicas", func() (bool, string) {
			now := serials()
			for i := range now {
				if now[i] == before[i] {
					return false, fmt.Sprintf("%v, before %v", now, before)
				}
			}
			return true, ""
		})
	}

	before := serials()
	c.set(0) // 21 days of 30 have passed
	renewed("another serving certificate", before)
	if got := inSecret(t); len(got) != 1 || !got[0].Certificate.Equal(old.Certificate) {
		t.Fatalf("got authorities %v, want the old one still", got)
	}

	before = serials()
	c.set(2 * time.Minute) // now a successor is due
	both := everywhereSays(t, 2)
	if got := serials(); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("got certificates %v right after the new authority was published, want %v still", got, before)
	}
	renewed("a certificate of the new authority", before)
	var there []*authority.Authority
	eventually(t, "the key of the old authority to be gone", func() (bool, string) {
		there = inSecret(t)
		return len(there) == 1 && !there[0].Certificate.Equal(old.Certificate), fmt.Sprint(there)
	})
	onlyNew := authority.Bundle(authority.Certificates(both)[1:], nil, time.Now())
	for i, r := range replicas {
		if _, err := r.shake(onlyNew); err != nil {
			t.Errorf("replica %d: %v", i, err)
		}
	}

	// A replica that starts now serves by the new one at once.
	later := startReady(t, 1, c)
	if _, err := later[0].shake(onlyNew); err != nil {
		t.Errorf("a replica that was started later: %v", err)
	}
	if got := everywhereSays(t, 2); !bytes.Equal(got, both) {
		t.Error("the caBundle does not hold both authorities any more")
	}
	s.flawless(t)
	for i, r := range replicas {
		if log := r.log(); strings.Contains(log, "keeping the certificates failed") {
			t.Errorf("replica %d complains of a rotation in which nothing failed:\n%s", i, log)
		}
	}

	// Once the old one has expired, nothing can be served by it: it leaves. No pods
	// meanwhile: to the API server these certificates are of the future.
	c.set(old.Certificate.NotAfter.Sub(real) + time.Minute)
	eventually(t, "the old authority to leave the caBundle", func() (bool, string) {
		for _, bundle := range bundles(t) {
			for _, one := range authority.Certificates(bundle) {
				if one.Equal(old.Certificate) {
					return false, string(bundle)
				}
			}
		}
		return true, ""
	})
}
