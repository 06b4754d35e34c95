package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// runIn runs the command in the root of the repository.
func runIn(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	t.Chdir(cluster.Root())
	var out, problems bytes.Buffer
	err = run(t.Context(), args, &out, &problems)
	return out.String(), problems.String(), err
}

// What a newcomer sees: every example pod, what changes, and why.
func TestExamples(t *testing.T) {
	stdout, stderr, err := runIn(t, "deploy/examples/pods")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(stderr, "holdfast check") {
		t.Errorf("got %q, want example rules without warnings", stderr)
	}
	for _, want := range []string{
		"The webhook's handler serves on https://127.0.0.1:", "Sending it 5 pods",
		"cart.yaml: Pod shop/cart", "Patched: redis-sessions, oracle in force", `+ holdfast.dev/applied: {"rules":["redis-sessions","oracle"]`,
		"why: rule mysql matches: the pod uses a destination: orders.db.example.com:3306 in container order, env MYSQL_HOST",
		"NoSidecar: pod uses the host's network", "OptedOut: pod label", "# agreed with the platform team",
		"make run POD=your.yaml",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
	if t.Failed() {
		return
	}
	if strings.Contains(stdout, "s3cret") {
		t.Errorf("the output shows a password:\n%s", stdout)
	}
}

// One's own pod and rules; what is wrong with them is said.
func TestOwnFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules := write("rules.yaml", "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n- {name: all, destinations: {ports: [6379]}, strategy: {idleTimeout: 2d}}\n")
	pod := write("pod.json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"mine"}}`)
	stdout, _, err := runIn(t, "-rules", rules, pod)
	if err != nil || !strings.Contains(stdout, `ISTIO_META_IDLE_TIMEOUT: "48h"`) || !strings.Contains(stdout, "Pod default/mine") {
		t.Errorf("got %v and\n%s", err, stdout)
	}
	warned := write("warned.yaml", "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n- {name: all, destinations: {ports: [6379]}, strategy: {bypass: Ports}}\n")
	if _, stderr, err := runIn(t, "-rules", warned, pod); err != nil || !strings.HasPrefix(stderr, "What 'holdfast check' says of "+warned+":\n  "+warned+":4:") {
		t.Errorf("got %v and %q, want the warnings under a heading", err, stderr)
	}
	bad := write("bad.yaml", "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n- {name: all, destinations: {ports: [70000]}, strategy: {idleTimeout: 2d}}\n")
	if _, stderr, err := runIn(t, "-rules", bad, pod); err == nil || !strings.Contains(stderr, "bad.yaml:4:") || !strings.Contains(stderr, "70000") {
		t.Errorf("got %v and %q, want an error with its place", err, stderr)
	}
	for _, args := range [][]string{{}, {dir + "/none.yaml"}, {"-rules", dir + "/none.yaml", pod}, {write("broken.yaml", "a: [")}} {
		if _, _, err := runIn(t, args...); err == nil {
			t.Errorf("%q: got no error", args)
		}
	}
}

// The first build takes under a minute only without a client of a cluster:
// its packages are two thirds of what 'holdfast webhook' compiles.
func TestNoClusterClient(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(output), "webhook/admission") {
		t.Errorf("got %s, want the webhook's own handler in it", output)
	}
	for dependency := range strings.FieldsSeq(string(output)) {
		if strings.HasPrefix(dependency, "k8s.io/client-go") || strings.HasPrefix(dependency, "sigs.k8s.io/controller-runtime") {
			t.Errorf("got dependency %s, want none that talks to a cluster", dependency)
		}
	}
}
