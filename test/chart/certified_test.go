package chart

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/kubelet"
)

// certified is where this installation lives, apart from the Secrets that others left.
const certified = "certified"

// In mode cert-manager, with cert-manager itself: from nothing to the first patched pod;
// then certificate and CA are made anew while pods are created without a pause, and the
// issuer breaks. No pod fails, and none is left unpatched.
func TestCertManager(t *testing.T) {
	namespaces(t, map[string]string{"holdfast.dev/enabled": "true"}, "shop")
	namespaces(t, nil, "istio-system", certified)
	startCertManager(t)
	begin := time.Now()
	must(t, "helm", append([]string{"install", "holdfast", cluster.Chart(), "-n", certified}, append(rulesFile(t), certManagerMode...)...)...)
	t.Cleanup(func() {
		must(t, "helm", "uninstall", "holdfast", "-n", certified)
		removeMeshObject(t)
	})
	running := newPods(t, certified)
	running.start(t, 2)
	awaitPatched(t, "shop")
	t.Logf("first patched pod after %s", time.Since(begin).Round(time.Millisecond))
	running.wait(t)
	awaitInjected(t)
	asNode(t, running)
	diagnosed(t)

	end := stream(t, "shop")
	anew(t, running)
	diagnosed(t)
	oldAuthoritiesOut(t, running)
	running.roll(t) // new connections for everybody
	diagnosed(t)
	issuerBreaks(t, running)
	diagnosed(t)
	all, unpatched := end()
	if unpatched > 0 || all < 50 {
		t.Errorf("got %d of %d pods unpatched, want none of many", unpatched, all)
	}
	t.Logf("%d pods were created", all)
}

// anew makes the certificate anew, then the CA in both ways that there are. By a new CA
// cert-manager signs what it signs from then on, and nothing anew because of it.
func anew(t *testing.T, running *pods) {
	t.Helper()
	first := authorities(t)[0]
	changed(t, running, func() { renew(t, "holdfast") })
	if got := authorities(t); len(got) != 1 || !got[0].Equal(first) {
		t.Errorf("got %d CAs in caBundle after the certificate alone was made anew, want the one of before", len(got))
	}
	for i, act := range []func(){
		func() { renew(t, "holdfast-ca") },
		func() { must(t, "kubectl", "-n", certified, "delete", "secret", "holdfast-issuer") },
	} {
		served, signs := serials(t, running), inSecret(t, "holdfast-issuer")
		act()
		eventually(t, "another CA", func() (bool, string) {
			now := inSecret(t, "holdfast-issuer")
			return now != "" && now != signs && ready(t, "issuer", "holdfast"), now
		})
		if got := serials(t, running); !slices.Equal(got, served) {
			t.Errorf("got certificates %v right after there was a new CA, want %v still", got, served)
		}
		changed(t, running, func() { renew(t, "holdfast") })
		if got := authorities(t); len(got) != i+2 || !got[0].Equal(first) {
			t.Errorf("got %d CAs in caBundle, want those of before and the new one", len(got))
		}
	}
}

// oldAuthoritiesOut takes the CAs of before out of caBundle as docs/certificates.md says.
// They do not come back.
func oldAuthoritiesOut(t *testing.T, running *pods) {
	t.Helper()
	before := authorities(t)
	ca := must(t, "kubectl", "get", "secret", "-n", certified, "holdfast-tls", "-o", `jsonpath={.data.ca\.crt}`)
	eventually(t, "the last CA alone in every caBundle", func() (bool, string) {
		for _, kind := range []string{"mutating", "validating"} {
			must(t, "kubectl", "patch", kind+"webhookconfiguration", "holdfast", "--type=json", "-p",
				`[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"`+ca+`"}]`)
		}
		// The injector applies by force what it has read, which may be what stood there before.
		time.Sleep(time.Second)
		now := strings.Join(caBundles(t), "")
		return strings.Count(now, "BEGIN") == 2, now
	})
	changed(t, running, func() { renew(t, "holdfast") })
	if got := authorities(t); len(got) != 1 || !got[0].Equal(before[len(before)-1]) {
		t.Errorf("got %d CAs in caBundle after those of before were taken out, want the last of %d", len(got), len(before))
	}
}

// issuerBreaks takes the CA from the issuer, and then the certificate's Secret. What is
// served goes on, and doctor names each.
func issuerBreaks(t *testing.T, running *pods) {
	t.Helper()
	sign := func(secret string) {
		must(t, "kubectl", "-n", certified, "patch", "issuer", "holdfast", "--type=merge", "-p", `{"spec":{"ca":{"secretName":"`+secret+`"}}}`)
	}
	sign("gone")
	if said := diagnosed(t, doctor.IssuerNotReady); !strings.Contains(said, `secrets "gone" not found`) {
		t.Errorf("got %s, want what cert-manager says of it", said)
	}
	must(t, "kubectl", "-n", certified, "delete", "secret", "holdfast-tls")
	if said := diagnosed(t, doctor.SecretMissing, doctor.CertificateNotReady, doctor.IssuerNotReady); !strings.Contains(said, "describe certificaterequest") {
		t.Errorf("got %s, want where to look", said)
	}
	changed(t, running, func() { sign("holdfast-issuer") })
}

// changed waits until all pods serve other certificates than before an act, and are trusted.
func changed(t *testing.T, running *pods, act func()) {
	t.Helper()
	before := serials(t, running)
	act()
	eventually(t, "another certificate on all replicas", func() (bool, string) {
		now, refused := trusted(t, running)
		return refused == nil && !slices.ContainsFunc(now, func(serial string) bool { return slices.Contains(before, serial) }), fmt.Sprint(now, before, refused)
	})
}

// asNode lets pods be found and reached as on a node: objects for them, and a kubelet that
// forwards their ports.
func asNode(t *testing.T, running *pods) {
	t.Helper()
	node := kubelet.Start(func(ctx context.Context, _, pod string, port uint16) (net.Conn, error) {
		running.mu.Lock()
		defer running.mu.Unlock()
		for i, h := range running.list {
			if pod == fmt.Sprint("holdfast-", i) {
				return new(net.Dialer).DialContext(ctx, "tcp", map[uint16]string{9443: h.Addr, 8080: host(h.MetricsURL), 8081: host(h.HealthURL)}[port])
			}
		}
		return nil, fmt.Errorf("no pod %s runs", pod)
	})
	t.Cleanup(func() {
		node.Close()
		must(t, "kubectl", "delete", "node", "node")
		must(t, "kubectl", "-n", running.namespace, "delete", "pods", "--all", "--force", "--grace-period=0")
	})
	shared.services.Route(node.Addr(), func() []string { return []string{node.Addr()} })
	if err := node.Register(t.Context(), shared.Client, "node"); err != nil {
		t.Fatal(err)
	}
	for i := range running.list {
		if err := shared.Place(t.Context(), running.namespace, fmt.Sprint("holdfast-", i), "node"); err != nil {
			t.Fatal(err)
		}
	}
}

func host(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return err.Error()
	}
	return parsed.Host
}

// diagnosed waits until "holdfast doctor" finds these codes, and nothing else, with the
// installation, its certificates and the way to it, and returns what it says of them. Istio,
// which is not here, is left out.
func diagnosed(t *testing.T, want ...doctor.Code) (said string) {
	t.Helper()
	eventually(t, fmt.Sprint("findings ", want), func() (bool, string) {
		command := exec.CommandContext(t.Context(), shared.binary, "doctor", "--kubeconfig", shared.kubeconfig, "-o", "json",
			"--only=webhooks,replicas,certificates,cert-manager,rules,reachability")
		output, err := command.Output()
		var report doctor.Report
		if json.Unmarshal(output, &report) != nil {
			t.Fatalf("%s: %v\n%s", command, err, output)
		}
		var got []doctor.Code
		said = ""
		for _, check := range report.Checks {
			if len(check.NotChecked) > 0 {
				return false, string(output)
			}
			for _, f := range check.Findings {
				got = append(got, f.Code)
				said += fmt.Sprintf("%s: %s; %s\n", f.Object, f.Found, f.Fix)
			}
		}
		return slices.Equal(got, want), string(output)
	})
	return said
}
