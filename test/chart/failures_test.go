package chart

import (
	"net"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Whatever is missing of an installation, pods are created, and not later than
// timeoutSeconds.pods allows.
func TestNeverInTheWay(t *testing.T) {
	namespaces(t, map[string]string{"holdfast.dev/enabled": "true"}, "shop")
	namespaces(t, nil, cluster.Namespace, "istio-system")
	flags := append(append(rulesFile(t), certManagerMode...), "--set", "timeoutSeconds.pods=2")
	must(t, "helm", append([]string{"install", "holdfast", cluster.Chart(), "-n", cluster.Namespace}, flags...)...)
	t.Cleanup(func() { uninstall(t) })
	create := func(what string, least, most time.Duration) {
		t.Helper()
		// Before the API server has heard of the last change, pods may be decided as before it.
		for deadline := time.Now().Add(15 * time.Second); ; {
			begin, pod := time.Now(), newPod("shop")
			if err := shared.Client.Create(t.Context(), pod); err != nil {
				t.Fatalf("%s: a pod failed: %v", what, err)
			}
			took := time.Since(begin)
			if !patched(pod) && took >= least && took < most {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: got a pod after %s, patched %t, want one unpatched within %s to %s", what, took, patched(pod), least, most)
			}
		}
	}
	create("no certificate, no replica", 0, time.Second)
	stop := startCertManager(t)
	running := newPods(t, cluster.Namespace)
	create("no replica", 0, time.Second)
	running.start(t, 1)
	running.wait(t)
	awaitPatched(t, "shop")

	// A replica that hangs: it takes connections and says nothing.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	address := strings.TrimSpace(must(t, "kubectl", "-n", cluster.Namespace, "get", "service", "holdfast", "-o", "jsonpath={.spec.clusterIP}")) + ":443"
	running.stop(1)
	shared.services.Route(address, func() []string { return []string{silent.Addr().String()} })
	create("a replica that hangs", 2*time.Second, 4*time.Second)

	running.start(t, 1)
	running.wait(t)
	running.route(t)
	awaitPatched(t, "shop")
	stop() // it would mend this within a second
	other, _ := certificateFiles(t)
	for _, kind := range []string{"mutatingwebhookconfiguration", "validatingwebhookconfiguration"} {
		must(t, "kubectl", "patch", kind, "holdfast", "--type=json", "-p", `[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"`+other.Base64()+`"}]`)
	}
	create("a certificate that is not trusted", 0, time.Second)
	startCertManager(t)
	running.roll(t)
	awaitPatched(t, "shop")

	if err := shared.Client.Delete(t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: "holdfast"}}); err != nil {
		t.Fatal(err)
	}
	running.stop(1) // open connections are used as long as they last
	create("no Service", 0, time.Second)
}

// Rules that Helm owns and somebody edited by hand: Helm 4 says so, Helm 3's way takes the
// edit back. Rules that it does not own stay.
func TestEditedRules(t *testing.T) {
	namespaces(t, nil, cluster.Namespace, "istio-system")
	const edited = `{"data":{"rules.yaml":"edited by hand"}}`
	edit := func() {
		t.Helper()
		must(t, "kubectl", "-n", cluster.Namespace, "patch", "configmap", "holdfast-rules", "--type=merge", "-p", edited)
	}
	stands := func(text string) {
		t.Helper()
		if got := must(t, "kubectl", "-n", cluster.Namespace, "get", "configmap", "holdfast-rules", "-o", `jsonpath={.data.rules\.yaml}`); !strings.Contains(got, text) {
			t.Errorf("got rules %q, want %q", got, text)
		}
	}
	upgrade := func(flags ...string) (string, error) {
		return run(t, "helm", append([]string{"upgrade", "--install", "holdfast", cluster.Chart(), "-n", cluster.Namespace}, flags...)...)
	}
	t.Cleanup(func() { uninstall(t) })
	if output, err := upgrade(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	edit()
	if output, err := upgrade(); err == nil || !strings.Contains(output, "conflict") || !strings.Contains(output, ".data.rules.yaml") {
		t.Errorf("got %v %s, want a conflict about the rules", err, output)
	}
	stands("edited by hand")
	if output, err := upgrade("--force-conflicts"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	stands("mode: Observe")
	edit()
	if output, err := upgrade("--server-side=false"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	stands("mode: Observe")

	if output, err := upgrade("--server-side=true", "--set", "rules.create=false"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	must(t, "kubectl", "-n", cluster.Namespace, "create", "configmap", "holdfast-rules", "--from-literal=rules.yaml=mine")
	t.Cleanup(func() { must(t, "kubectl", "-n", cluster.Namespace, "delete", "configmap", "holdfast-rules") })
	if output, err := upgrade("--set", "rules.create=false", "--set", "replicas=3"); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	stands("mine")
}
