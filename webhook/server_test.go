package webhook

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
)

// From nothing to ready: each thing that is missing is named, liveness holds.
func TestReadinessNamesWhatIsMissing(t *testing.T) {
	checkLeaks(t)
	s := start(t, "", nil)
	ok, body := s.ready(t)
	if ok || !strings.Contains(body, "[-] certificate failed") || !strings.Contains(body, "[-] rules failed") {
		t.Fatalf("got ready %v, %q, want both named", ok, body)
	}
	if code, _ := get(t, "http://"+s.Health+healthzPath); code != 200 {
		t.Errorf("got %d from %s, want 200: it lives", code, healthzPath)
	}
	if err := s.authority.Write(s.dir); err != nil {
		t.Fatal(err)
	}
	client := s.client()
	defer client.CloseIdleConnections()
	eventually(t, "an answer without rules", func() (bool, string) {
		reason, err := s.ask(client)
		return reason == "RulesUnavailable", fmt.Sprint(reason, err)
	})
	s.write(t, "rules.yaml", testRules)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	if reason, err := s.ask(client); reason != "Patched" {
		t.Errorf("got %q %v, want Patched", reason, err)
	}
	for _, want := range []string{"holdfast_ready 1", `holdfast_pods_total{reason="Patched"} 1`, "holdfast_rules 1", `holdfast_pods_total{reason="MirrorPod"} 0`, "go_goroutines"} {
		eventually(t, want, func() (bool, string) {
			text := s.metrics(t)
			return strings.Contains(text, want), text
		})
	}
}

// A bad edit keeps the last good rules and shows; a mended one counts again.
func TestBadRulesFileKeepsTheLastGood(t *testing.T) {
	checkLeaks(t)
	s := start(t, testRules, nil)
	client := s.client()
	defer client.CloseIdleConnections()
	patched := func() (bool, string) {
		reason, err := s.ask(client)
		return reason == "Patched", fmt.Sprint(reason, err)
	}
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	for _, bad := range []string{"", "rules: [", strings.Replace(testRules, "48h", "soon", 1)} {
		s.write(t, "rules.yaml", bad)
		eventually(t, "the metric", func() (bool, string) {
			text := s.metrics(t)
			return strings.Contains(text, "\nholdfast_rules_last_load_success 0\n"), text
		})
		if ok, got := patched(); !ok {
			t.Fatalf("after %q: got %s, want the last good rules in force", bad, got)
		}
		if ok, body := s.ready(t); !ok {
			t.Errorf("not ready although good rules are in force: %s", body)
		}
		s.write(t, "rules.yaml", testRules)
		eventually(t, "recovery", func() (bool, string) {
			text := s.metrics(t)
			return strings.Contains(text, "\nholdfast_rules_last_load_success 1\n"), text
		})
	}
	if log := s.log.String(); !strings.Contains(log, "ERROR error in the rules") || !strings.Contains(log, "line 7") {
		t.Errorf("the log does not name the error and its line:\n%s", log)
	}
	if err := os.Remove(filepath.Join(s.dir, "rules.yaml")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the metric after deletion", func() (bool, string) {
		text := s.metrics(t)
		return strings.Contains(text, "\nholdfast_rules_last_load_success 0\n"), text
	})
	if ok, got := patched(); !ok {
		t.Errorf("after deletion: got %s, want the last good rules in force", got)
	}
}

// A ConfigMap mount changes by swapping the link "..data"; a live change takes
// effect in under a second, with the poll as the second chance.
func TestSymlinkSwap(t *testing.T) {
	mount := t.TempDir()
	version := func(name, text string) {
		t.Helper()
		dir := filepath.Join(mount, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(name, filepath.Join(mount, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", testRules)
	if err := os.Symlink("..data/rules.yaml", filepath.Join(mount, "rules.yaml")); err != nil {
		t.Fatal(err)
	}
	s := start(t, testRules, func(o *Options) { o.RulesFile = filepath.Join(mount, "rules.yaml") })
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	begin := time.Now()
	version("..2", strings.Replace(testRules, "48h", "24h", 1))
	want := hashOf(t, strings.Replace(testRules, "48h", "24h", 1))
	eventually(t, "the new rules", func() (bool, string) {
		text := s.metrics(t)
		return strings.Contains(text, want), text
	})
	t.Logf("in force after %s", time.Since(begin).Round(time.Millisecond))
	if strings.Contains(s.metrics(t), hashOf(t, testRules)) {
		t.Error("the old hash is still a series")
	}
}

// Certificates rotate under load without one failed request, on kept
// connections and on new ones.
func TestCertificateRotation(t *testing.T) {
	checkLeaks(t)
	s := start(t, testRules, nil)
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	ctx, cancel := context.WithCancel(context.Background())
	var asked atomic.Int64
	var workers sync.WaitGroup
	failures := make(chan string, 100)
	for i := range 4 {
		workers.Go(func() {
			client := s.client()
			for ctx.Err() == nil {
				if i%2 == 0 { // a new connection for each request
					client.CloseIdleConnections()
				}
				if reason, err := s.ask(client); reason != "Patched" {
					select {
					case failures <- fmt.Sprint(reason, err):
					default:
					}
				}
				asked.Add(1)
			}
			client.CloseIdleConnections()
		})
	}
	serial := func() string {
		connection, err := tls.Dial("tcp", s.Webhook, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			return err.Error()
		}
		defer connection.Close()
		return connection.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	for range 3 {
		old := serial()
		// A certificate without its key, as in the middle of a rotation.
		if err := s.authority.Write(s.dir); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the new certificate", func() (bool, string) { return serial() != old, old })
	}
	s.write(t, keyFile, "not a key")
	time.Sleep(3 * settleTime)
	if ok, body := s.ready(t); !ok {
		t.Errorf("not ready although the last good certificate is served: %s", body)
	}
	cancel()
	workers.Wait()
	close(failures)
	for failure := range failures {
		t.Errorf("a request failed: %s", failure)
	}
	t.Logf("%d requests", asked.Load())
}

// At the end readiness fails at once, new requests are taken for the drain
// period, and requests in flight end well.
func TestDrain(t *testing.T) {
	checkLeaks(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var slow atomic.Bool
	s := start(t, testRules, func(o *Options) {
		o.Drain = 2 * time.Second
		o.Decide = func(set *decide.Set, pod *rules.Pod, options decide.Options) rules.Outcome {
			if slow.Swap(false) {
				close(entered)
				<-release
			}
			return set.Decide(pod, options)
		}
	})
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	client := s.client()
	defer client.CloseIdleConnections()
	inFlight := make(chan string, 1)
	slow.Store(true)
	go func() {
		reason, err := s.ask(client)
		inFlight <- fmt.Sprint(reason, err)
	}()
	<-entered
	s.stop()
	eventually(t, "readiness to fail", func() (bool, string) {
		code, body := get(t, "http://"+s.Health+ReadyzPath)
		return code == 503 && strings.Contains(body, "shutting down"), body
	})
	fresh := s.client()
	defer fresh.CloseIdleConnections()
	if reason, err := s.ask(fresh); reason != "Patched" {
		t.Errorf("while draining: got %q %v, want Patched", reason, err)
	}
	eventually(t, "the port to close", func() (bool, string) {
		connection, err := tls.Dial("tcp", s.Webhook, &tls.Config{InsecureSkipVerify: true})
		if err == nil {
			connection.Close()
		}
		return err != nil, "still open"
	})
	close(release)
	if got := <-inFlight; got != "Patched<nil>" {
		t.Errorf("the request in flight got %s, want Patched", got)
	}
}

// A request that never ends is waited for once, not for each who tidies up.
func TestShutdownWaitsOnce(t *testing.T) {
	const patience = time.Second
	entered, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	s := start(t, testRules, func(o *Options) {
		o.shutdownTimeout = patience
		o.Decide = func(*decide.Set, *rules.Pod, decide.Options) (o rules.Outcome) {
			close(entered)
			<-release
			return o
		}
	})
	eventually(t, "readiness", func() (bool, string) { return s.ready(t) })
	client := s.client()
	defer client.CloseIdleConnections()
	go func() { _, _ = s.ask(client) }()
	<-entered
	begin := time.Now()
	s.end(t)
	if took := time.Since(begin); took < patience || took > 2*patience {
		t.Errorf("took %s, want about %s", took, patience)
	}
	if log := s.log.String(); strings.Count(log, "requests were still running") != 1 {
		t.Errorf("got log %s, want it to say once what was given up", log)
	}
}

// Everything that is wrong with the options is told at once.
func TestOptions(t *testing.T) {
	err := Run(t.Context(), Options{TLSMinVersion: "1.1", Host: "[::1]", Port: 70000, Drain: -1})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"--rules-file", "--cert-dir", `"1.1"`, `"[::1]"`, "70000", "--drain"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to name %s", err, want)
		}
	}
	for _, bad := range []string{"rules", "a/", "/b", "a/b/c"} {
		if _, err := parseName("--service", bad, "a/b"); err == nil || !strings.Contains(err.Error(), "--service") {
			t.Errorf("got error %v for --service %q, want it named", err, bad)
		}
	}
	for want, o := range map[string]Options{
		"only one of them":                  {SelfSigned: true, CertDir: "x"},
		"got --self-signed without a clust": {SelfSigned: true, NoCluster: true},
		"got --service without --self-sign": {CertDir: "x", Service: "a/b"},
		"got neither --service nor $POD_NA": {SelfSigned: true},
	} {
		o.RulesFile = "rules.yaml"
		if err := o.complete(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
