package certificates_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/webhook"
	"github.com/holdfast-mesh/holdfast/webhook/certificates/authority"
)

// publish writes caBundle as cert-manager's CA injector does, or a person.
func publish(t *testing.T, bundle []byte) {
	t.Helper()
	retry(t, func() error {
		mutating, validating := configurations(t)
		for i := range mutating.Webhooks {
			mutating.Webhooks[i].ClientConfig.CABundle = bundle
		}
		for i := range validating.Webhooks {
			validating.Webhooks[i].ClientConfig.CABundle = bundle
		}
		for _, object := range []client.Object{mutating, validating} {
			if err := shared.Client.Update(t.Context(), object); err != nil {
				return err
			}
		}
		return nil
	})
}

// The other mode, with the Secret's files and caBundle driven by hand in place of
// cert-manager, which itself runs in test/chart, and the kubelet: the certificate rotates, and with both CAs in caBundle
// meanwhile so does the CA, while pods are created all along.
func TestMountedCertificateRotates(t *testing.T) {
	reset(t)
	first, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	second, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	mount := func(by *certs.Authority) {
		t.Helper()
		if err := by.Write(dir, serverName); err != nil {
			t.Fatal(err)
		}
	}
	mount(first)
	publish(t, first.PEM)
	replicas := startWith(t, 2, shared.config, func(o *webhook.Options) { o.CertDir = dir })
	areReady(t, replicas)
	s := pour(t, replicas)
	both := append(append([]byte{}, first.PEM...), second.PEM...)
	serials := func() (all []string) {
		for i, r := range replicas {
			leaf, err := r.shake(both)
			if err != nil {
				t.Fatalf("replica %d: %v", i, err)
			}
			all = append(all, authority.Serial(leaf))
		}
		return all
	}
	follow := func(what string, before []string) {
		t.Helper()
		eventually(t, what+" on all replicas", func() (bool, string) {
			now := serials()
			return now[0] != before[0] && now[1] != before[1], fmt.Sprint(now, before)
		})
	}
	before := serials()
	mount(first)
	follow("another certificate", before)

	publish(t, both)
	time.Sleep(2 * lag) // until the API server of the handshakes, which is behind, has both
	before = serials()
	mount(second)
	follow("a certificate of another CA", before)
	publish(t, second.PEM)
	time.Sleep(2 * lag) // handshakes with the second CA alone
	s.flawless(t)
}

// From a mounted certificate to --self-signed and without a pod that notices: the CA
// that is in caBundle stays beside the new one, so the replicas of before are trusted
// as long as they run.
func TestFromMountedToSelfSigned(t *testing.T) {
	reset(t)
	other, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := other.Write(dir, serverName); err != nil {
		t.Fatal(err)
	}
	publish(t, other.PEM)
	// They drain for so long that nobody meets a closed port who has just seen them ready.
	before := startWith(t, 2, shared.config, func(o *webhook.Options) { o.CertDir, o.Drain = dir, 2*time.Second })
	areReady(t, before)
	s := pour(t, before)
	after := startReady(t, 2, &clock{})
	everywhereSays(t, 2)
	var ends sync.WaitGroup
	for _, r := range before {
		ends.Go(r.stop)
	}
	ends.Wait()
	for i, r := range after {
		if _, err := r.shake(pemOf(t, inSecret(t)[0])); err != nil {
			t.Errorf("replica %d: %v", i, err)
		}
	}
	s.flawless(t)
}
