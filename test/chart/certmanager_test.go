package chart

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// startCertManager runs cert-manager's own controllers and CA injector (test/certmanager)
// until the test ends, or stop is called.
func startCertManager(t *testing.T) (stop func()) {
	t.Helper()
	program, err := cluster.Tool("cert-manager")
	if err != nil {
		t.Fatal(err)
	}
	log := &cluster.Output{}
	command := exec.Command(program)
	command.Env = append(os.Environ(), "KUBECONFIG="+shared.kubeconfig)
	command.Stderr = log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("cert-manager: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		// Requests go with their Certificates where a garbage collector runs. Secrets stay, and
		// the next installation would take them.
		must(t, "kubectl", "delete", "certificaterequests", "--all", "--all-namespaces")
		must(t, "kubectl", "delete", "secrets", "--all-namespaces", "--selector=controller.cert-manager.io/fao=true")
		if t.Failed() {
			t.Logf("log of cert-manager:\n%s", log)
		}
	})
	return stop
}

// awaitInjected waits until every webhook has a caBundle, and returns them: the injector goes
// from one configuration to the other.
func awaitInjected(t *testing.T) (bundles []string) {
	t.Helper()
	eventually(t, "every caBundle", func() (bool, string) {
		bundles = caBundles(t)
		return !slices.Contains(bundles, ""), ""
	})
	return bundles
}

// renew has a certificate made anew as "cmctl renew" does, and waits until it is.
// Source: https://cert-manager.io/docs/reference/cmctl/#renew
func renew(t *testing.T, name string) {
	t.Helper()
	revision := func() string {
		return must(t, "kubectl", "-n", certified, "get", "certificate", name, "-o", "jsonpath={.status.revision}")
	}
	before := revision()
	must(t, "kubectl", "-n", certified, "patch", "certificate", name, "--subresource=status", "--type=json", "-p",
		`[{"op":"add","path":"/status/conditions/-","value":{"type":"Issuing","status":"True","reason":"ManuallyTriggered","message":"by hand","lastTransitionTime":"`+time.Now().UTC().Format(time.RFC3339)+`"}}]`)
	eventually(t, "Certificate "+name+" made anew", func() (bool, string) {
		now := revision()
		return now != before && ready(t, "certificate", name), now
	})
}

// ready reports whether an object of cert-manager's says that it is.
func ready(t *testing.T, kind, name string) bool {
	t.Helper()
	return must(t, "kubectl", "-n", certified, "get", kind, name, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`) == "True"
}

// inSecret is the certificate in a Secret, as it stands there, "" if there is none.
func inSecret(t *testing.T, name string) string {
	t.Helper()
	var secret corev1.Secret
	if err := client.IgnoreNotFound(shared.Client.Get(t.Context(), client.ObjectKey{Namespace: certified, Name: name}, &secret)); err != nil {
		t.Fatal(err)
	}
	return string(secret.Data["tls.crt"])
}

// authorities are whom the API server trusts, by every caBundle the same once the injector
// has been at both configurations.
func authorities(t *testing.T) (list []*x509.Certificate) {
	t.Helper()
	var bundles []string
	eventually(t, "the same caBundle everywhere", func() (bool, string) {
		bundles = slices.Compact(caBundles(t))
		return len(bundles) == 1, fmt.Sprint(bundles)
	})
	return doctor.ParseCertificates([]byte(bundles[0]))
}

// serials are those of the certificates that pods serve. Each is held against the caBundle
// of the moment, as the API server does with a new connection.
func serials(t *testing.T, running *pods) []string {
	t.Helper()
	list, refused := trusted(t, running)
	if refused != nil {
		t.Error(refused)
	}
	return list
}

// trusted is serials with what is refused: the files of a Secret come to the pods here
// within a tenth of a second, and may do so before the injector has written the caBundle;
// kubelets take up to two minutes.
func trusted(t *testing.T, running *pods) (list []string, refused error) {
	t.Helper()
	for _, h := range running.list {
		for _, bundle := range caBundles(t) {
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM([]byte(bundle))
			connection, err := tls.Dial("tcp", h.Addr, &tls.Config{RootCAs: roots, ServerName: "holdfast." + certified + ".svc"})
			if err != nil {
				refused = errors.Join(refused, fmt.Errorf("%s: %w", h.Addr, err))
				continue
			}
			list = append(list, connection.ConnectionState().PeerCertificates[0].SerialNumber.String())
			connection.Close()
		}
	}
	return list, refused
}
