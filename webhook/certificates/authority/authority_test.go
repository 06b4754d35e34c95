package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	names = []string{"holdfast", "holdfast.holdfast-system.svc"}
	now   = time.Now()
)

func newAuthority(t testing.TB, at time.Time) *Authority {
	t.Helper()
	a, err := New(at)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What a client does that trusts a bundle, for each name and at a given time.
func handshake(t *testing.T, leaf *tls.Certificate, bundle []byte, name string, at time.Time) error {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*leaf}})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if server, err := listener.Accept(); err == nil {
			_ = server.(*tls.Conn).Handshake()
			_ = server.Close()
		}
	}()
	client, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name, Time: func() time.Time { return at }})
	if err == nil {
		_ = client.Close()
	}
	return err
}

func TestIssuedIsTrusted(t *testing.T) {
	a, other := newAuthority(t, now), newAuthority(t, now)
	leaf, err := a.Issue(names, now)
	if err != nil {
		t.Fatal(err)
	}
	both := Bundle([]*x509.Certificate{a.Certificate}, []*x509.Certificate{other.Certificate}, now)
	for _, test := range []struct {
		what, name string
		bundle     []byte
		at         time.Time
		ok         bool
	}{
		{"both authorities in the bundle", names[1], both, now, true},
		{"the other name", names[0], both, now, true},
		{"a name that nobody asked for", "example.com", both, now, false},
		{"an API server whose clock is behind", names[1], both, now.Add(-skew + time.Minute), true},
		{"long before", names[1], both, now.Add(-skew - time.Minute), false},
		{"at its end", names[1], both, now.Add(leafLifetime - time.Minute), true},
		{"after its end", names[1], both, now.Add(leafLifetime + time.Minute), false},
		{"only the other authority", names[1], Bundle([]*x509.Certificate{other.Certificate}, nil, now), now, false},
	} {
		if err := handshake(t, leaf, test.bundle, test.name, test.at); (err == nil) != test.ok {
			t.Errorf("%s: got error %v, want it to work: %v", test.what, err, test.ok)
		}
	}
	if key, ok := leaf.PrivateKey.(*ecdsa.PrivateKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("got a key %T, want ECDSA on P-256", leaf.PrivateKey)
	}
	if got := leaf.Leaf.ExtKeyUsage; len(got) != 1 || got[0] != x509.ExtKeyUsageServerAuth {
		t.Errorf("got usages %v, want server auth alone", got)
	}
}

// A serving certificate never outlives its authority: when that has expired, nothing
// can be served that it has signed.
func TestIssuedEndsWithItsAuthority(t *testing.T) {
	a := newAuthority(t, now.Add(-Lifetime).Add(time.Hour))
	leaf, err := a.Issue(names, now)
	if err != nil {
		t.Fatal(err)
	}
	if leaf.Leaf.NotAfter.After(a.Certificate.NotAfter) {
		t.Errorf("got a certificate until %s, want none after %s", leaf.Leaf.NotAfter, a.Certificate.NotAfter)
	}
	if _, err := a.Issue(names, now.Add(2*time.Hour)); err == nil {
		t.Error("an authority that has expired signs")
	}
}

func TestDue(t *testing.T) {
	c := newAuthority(t, now).Certificate
	boundary := c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / 3)
	for _, test := range []struct {
		at         time.Time
		due, valid bool
		expired    bool
	}{
		{c.NotBefore.Add(-time.Second), false, false, false},
		{c.NotBefore, false, true, false},
		{boundary.Add(-time.Second), false, true, false},
		{boundary.Add(time.Second), true, true, false},
		{c.NotAfter, true, true, false},
		{c.NotAfter.Add(time.Second), true, false, true},
	} {
		if got := Due(c, test.at); got != test.due {
			t.Errorf("%s: got due %v", test.at, got)
		}
		if got := Valid(c, test.at); got != test.valid {
			t.Errorf("%s: got valid %v", test.at, got)
		}
		if got := Expired(c, test.at); got != test.expired {
			t.Errorf("%s: got expired %v", test.at, got)
		}
	}
}

// Whatever prints an authority shows no key.
func TestPrintsNoKey(t *testing.T) {
	a := newAuthority(t, now)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if got := fmt.Sprintf(format, a); got != "authority "+Serial(a.Certificate) {
			t.Errorf("%s: got %q", format, got)
		}
	}
}

func dataOf(t testing.TB, authorities ...*Authority) map[string][]byte {
	t.Helper()
	data, err := Data(authorities)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParseReadsData(t *testing.T) {
	old, young := newAuthority(t, now.Add(-time.Hour)), newAuthority(t, now)
	got, err := Parse(dataOf(t, young, old))
	if err != nil || len(got) != 2 || !got[0].Certificate.Equal(old.Certificate) || !got[1].Certificate.Equal(young.Certificate) {
		t.Fatalf("got %v, %v, want the old one and the young one", got, err)
	}
	for _, a := range got {
		if _, err := a.Issue(names, now); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(dataOf(t, old, young), dataOf(t, got...)); diff != "" {
		t.Errorf("written again it differs:\n%s", diff)
	}
}

// What is wrong with a Secret is said without what is in it; what is whole is kept.
func TestParseSaysWhatIsWrong(t *testing.T) {
	good, other := newAuthority(t, now), newAuthority(t, now)
	ca := dataOf(t, good)
	leaf, err := good.Issue(names, now)
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		what   string
		change func(map[string][]byte)
		want   string // in the error
		whole  int
	}{
		{"nothing", func(d map[string][]byte) { clear(d) }, ErrEmpty.Error(), 0},
		{"no key", func(d map[string][]byte) { delete(d, keysKey) }, "got 0 bytes in ca.key that are no PEM, want a PRIVATE KEY", 0},
		{"no certificate", func(d map[string][]byte) { delete(d, CertificatesKey) }, "got 0 bytes in ca.crt that are no PEM, want a CERTIFICATE", 0},
		{"garbage", func(d map[string][]byte) { d[CertificatesKey] = []byte("secret!") }, "got 7 bytes in ca.crt that are no PEM", 0},
		{"garbage at the end", func(d map[string][]byte) { d[keysKey] = append(d[keysKey], "secret!"...) }, "got 7 bytes in ca.key that are no PEM", 1},
		{"another's key", func(d map[string][]byte) { d[keysKey] = dataOf(t, other)[keysKey] }, "without its private key", 0},
		{"a block of another kind", func(d map[string][]byte) {
			d[CertificatesKey] = append(d[CertificatesKey], pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: []byte("secret!")})...)
		}, "got a block in ca.crt that is no CERTIFICATE", 1},
		{"a broken certificate", func(d map[string][]byte) {
			d[CertificatesKey] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("secret!")})
		}, "cannot be read as CERTIFICATE", 0},
		{"a huge block", func(d map[string][]byte) {
			d[keysKey] = append(d[keysKey], pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: make([]byte, maxBlockBytes+1)})...)
		}, "of at most 8192 bytes", 1},
		{"too much", func(d map[string][]byte) { d[keysKey] = bytes.Repeat(d[keysKey], 1000) }, "want at most 65536", 0},
		{"a certificate that is no CA", func(d map[string][]byte) {
			d[CertificatesKey] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Leaf.Raw})
			d[keysKey] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: leafKey})
		}, "which is no CA", 0},
	} {
		data := maps.Clone(ca)
		for key := range data {
			data[key] = bytes.Clone(data[key])
		}
		test.change(data)
		whole, err := Parse(data)
		if err == nil || !strings.Contains(err.Error(), test.want) || len(whole) != test.whole {
			t.Errorf("%s: got %d whole ones and error %v, want %d and %q", test.what, len(whole), err, test.whole, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret!") {
			t.Errorf("%s: the error shows what is in the Secret: %v", test.what, err)
		}
	}
	if _, err := Parse(nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v, want ErrEmpty", err)
	}
}

// Keys in the forms that openssl writes are read too.
func TestParseReadsOlderForms(t *testing.T) {
	a := newAuthority(t, now)
	der, err := x509.MarshalECPrivateKey(a.key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	data := dataOf(t, a)
	data[keysKey] = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if got, err := Parse(data); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v, want the authority", got, err)
	}
}

// One set of certificates has one text; nobody who is needed is left out, whatever
// else stands there; what has expired leaves.
func TestBundle(t *testing.T) {
	var list []*x509.Certificate
	for i := range maxTrusted + 5 {
		list = append(list, newAuthority(t, now.Add(time.Duration(i)*time.Minute)).Certificate)
	}
	oldest, rest := list[0], list[1:]
	expired := newAuthority(t, now.Add(-Lifetime-time.Hour)).Certificate
	got := Certificates(Bundle([]*x509.Certificate{oldest, oldest, expired}, append([]*x509.Certificate{expired, oldest}, rest...), now))
	want := append([]*x509.Certificate{oldest}, list[len(list)-maxTrusted+1:]...)
	if !cmp.Equal(got, want, cmp.Comparer(func(a, b *x509.Certificate) bool { return a.Equal(b) })) {
		t.Errorf("got %d certificates, want the oldest, which is needed, and the %d youngest", len(got), maxTrusted-1)
	}
	if got := Certificates(Bundle([]*x509.Certificate{expired}, []*x509.Certificate{oldest, expired}, now)); len(got) != 1 || !got[0].Equal(oldest) {
		t.Errorf("got %d certificates, want the one that has not expired", len(got))
	}
	one, other := Bundle(list[:2], list[2:4], now), Bundle([]*x509.Certificate{list[3], list[0]}, []*x509.Certificate{list[2], list[1]}, now)
	if !bytes.Equal(one, other) {
		t.Error("the same certificates in another order give another text")
	}
	if got := Certificates(append([]byte("garbage\n"), one...)); len(got) != 4 {
		t.Errorf("got %d certificates beside garbage, want 4", len(got))
	}
}

// Whatever stands in a Secret, reading it ends, says what is wrong, and keeps only
// what can be written and read again.
func FuzzParse(f *testing.F) {
	data := dataOf(f, newAuthority(f, now), newAuthority(f, now))
	f.Add(data[CertificatesKey], data[keysKey])
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"), []byte(nil))
	f.Add(data[keysKey], data[CertificatesKey])
	f.Fuzz(func(t *testing.T, certificates, keys []byte) {
		whole, err := Parse(map[string][]byte{CertificatesKey: certificates, keysKey: keys})
		if err == nil && len(whole) == 0 {
			t.Error("got no authority and no reason")
		}
		if err != nil && len(err.Error()) > 200*(1+bytes.Count(certificates, []byte("-----BEGIN"))+bytes.Count(keys, []byte("-----BEGIN"))) {
			t.Errorf("got an error of %d bytes", len(err.Error()))
		}
		written, err := Data(whole)
		if err != nil {
			t.Fatal(err)
		}
		if len(whole) == 0 {
			return
		}
		if again, err := Parse(written); err != nil || len(again) != len(whole) {
			t.Errorf("got %d authorities and error %v of what was written, want %d", len(again), err, len(whole))
		}
		for _, a := range whole {
			_, _ = a.Issue(names, now) // may fail, must not panic
			_, _ = fmt.Fprint(io.Discard, a)
		}
		_ = Certificates(certificates)
	})
}
