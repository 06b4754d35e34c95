package webhook

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
)

// serial is the serial number of the certificate that is served.
func (s *running) serial(t *testing.T) string {
	t.Helper()
	connection, err := tls.Dial("tcp", s.Webhook, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// A certificate that is of no use now, or of another key, never replaces a good
// one; the next good one does.
func TestBadCertificateKeepsTheLastGood(t *testing.T) {
	s := start(t, testRules, nil)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	good := s.serial(t)
	now := time.Now()
	foreignKey := func() error {
		certificate, err := os.ReadFile(filepath.Join(s.dir, certFile))
		if err != nil {
			return err
		}
		if err := s.authority.Write(s.dir); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.dir, certFile), certificate, 0o600)
	}
	for _, bad := range []struct {
		why   string // in the log
		write func() error
	}{
		{"expired at", func() error { return s.authority.WriteValid(s.dir, now.Add(-2*time.Hour), now.Add(-time.Hour)) }},
		{"not valid before", func() error { return s.authority.WriteValid(s.dir, now.Add(time.Hour), now.Add(2*time.Hour)) }},
		{"private key does not match", foreignKey},
	} {
		if err := bad.write(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the log", func() (bool, string) {
			log := s.log.String()
			return strings.Contains(log, bad.why) && strings.Contains(log, "stillServing true"), log
		})
		if got := s.serial(t); got != good {
			t.Errorf("%s: got certificate %s, want the good one %s", bad.why, got, good)
		}
		if ok, body := s.ready(t); !ok {
			t.Errorf("%s: not ready although a good certificate is served: %s", bad.why, body)
		}
	}
	if text := s.metrics(t); !strings.Contains(text, "\nholdfast_certificate_load_errors_total ") || strings.Contains(text, "\nholdfast_certificate_load_errors_total 0\n") {
		t.Error("the metric counts no error")
	}
	if err := s.authority.Write(s.dir); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next good one", func() (bool, string) { got := s.serial(t); return got != good, got })
}

// Whether there is a certificate at all is a metric of its own, from the start.
func TestNoCertificateShows(t *testing.T) {
	s := start(t, "", nil)
	for _, want := range []string{"\nholdfast_certificate_loaded 0\n", "\nholdfast_certificate_load_errors_total ", "\nholdfast_connections_closed_total 0\n", "\nholdfast_connection_errors_total 0\n"} {
		if text := s.metrics(t); !strings.Contains(text, want) {
			t.Errorf("metrics lack %q", want)
		}
	}
	if err := s.authority.Write(s.dir); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the metric", func() (bool, string) {
		text := s.metrics(t)
		return strings.Contains(text, "\nholdfast_certificate_loaded 1\n"), text
	})
}

// TLS 1.2, where it is allowed, without the suites that have CBC.
func TestStrongSuites(t *testing.T) {
	s := start(t, testRules, func(o *Options) { o.TLSMinVersion = "1.2" })
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if suite.SupportedVersions[0] != tls.VersionTLS10 && suite.SupportedVersions[0] != tls.VersionTLS12 {
			continue
		}
		connection, err := tls.Dial("tcp", s.Webhook, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}})
		if err == nil {
			connection.Close()
		}
		strong := strings.HasPrefix(suite.Name, "TLS_ECDHE_ECDSA_") && (strings.Contains(suite.Name, "_GCM_") || strings.Contains(suite.Name, "CHACHA20"))
		if (err == nil) != strong { // the certificate is ECDSA
			t.Errorf("%s: got error %v, want it to work: %v", suite.Name, err, strong)
		}
	}
}

// Nobody comes back by a ticket: every connection shows its certificates.
func TestNoTickets(t *testing.T) {
	s := start(t, testRules, nil)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	config := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for range 3 {
		connection, err := tls.Dial("tcp", s.Webhook, config)
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
		// Tickets come with an answer.
		if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if connection.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
		_ = connection.Close()
	}
}

// With --client-ca-file only its clients are answered, and a new file counts.
func TestClientCA(t *testing.T) {
	server, err := certs.NewAuthority() // whose certificates the API server has
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "clients.crt")
	s := start(t, testRules, func(o *Options) { o.ClientCAFile = file })
	eventually(t, "what is missing", func() (bool, string) {
		_, body := s.ready(t)
		return strings.Contains(body, "[-] client-ca failed: no client CA loaded yet: "+file+" does not exist"), body
	})
	if err := os.WriteFile(file, server.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	for _, test := range []struct {
		who  string
		from *certs.Authority // of the client's certificate
		ok   bool
	}{{"nobody", nil, false}, {"a stranger", s.authority, false}, {"the API server", server, true}} {
		client, err := s.authority.ClientWith(test.from)
		if err != nil {
			t.Fatal(err)
		}
		reason, err := s.ask(client)
		client.CloseIdleConnections()
		if (err == nil) != test.ok || test.ok && reason != "Patched" {
			t.Errorf("%s: got %q %v, want an answer: %v", test.who, reason, err, test.ok)
		}
	}
	eventually(t, "those two in the metric", func() (bool, string) {
		text := s.metrics(t)
		return strings.Contains(text, "\nholdfast_connection_errors_total 2\n"), text
	})
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the log", func() (bool, string) {
		return strings.Contains(s.log.String(), "client CA not loaded"), s.log.String()
	})
	if ok, body := s.ready(t); !ok {
		t.Errorf("not ready although the last good CA counts: %s", body)
	}
	// What was the stranger's is now the only CA.
	if err := os.WriteFile(file, s.authority.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from *certs.Authority
		ok   bool
	}{{s.authority, true}, {server, false}} {
		eventually(t, "the new CA", func() (bool, string) {
			client, err := s.authority.ClientWith(test.from)
			if err != nil {
				t.Fatal(err)
			}
			defer client.CloseIdleConnections()
			reason, err := s.ask(client)
			return (err == nil) == test.ok, fmt.Sprintf("got %q %v, want an answer: %v", reason, err, test.ok)
		})
	}
}
