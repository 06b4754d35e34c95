package load

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/rules"
)

const header = "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\n"

// oneRule is a file with one rule of a name and the given lines.
func oneRule(lines ...string) string {
	return header + "rules:\n- name: a\n  " + strings.Join(lines, "\n  ") + "\n"
}

// Defaults are filled in and texts parsed.
func TestLoadedFile(t *testing.T) {
	file, problems := Rules("f.yaml", []byte(header+`rules:
- name: a
  destinations: {middleware: [redis], ports: [6380, "6378-6379"], cidrs: ["2001:db8::1/32", 10.1.2.3/8, 10.0.0.0/8], hosts: [A.example.com]}
  strategy: {idleTimeout: 1d12h, keepalive: {time: 2m, interval: 30s, probes: 3}}
`))
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	r := file.Rules[0]
	if file.Mode != rules.Enforce || r.Mode != rules.Enforce || file.Mesh.RootNamespace != "istio-system" || r.Strategy.Scope != rules.ScopeSidecar {
		t.Errorf("got modes %s and %s, root namespace %s, scope %s; want the defaults", file.Mode, r.Mode, file.Mesh.RootNamespace, r.Strategy.Scope)
	}
	got := fmt.Sprint(r.Destinations.Ports, r.Destinations.CIDRs, r.Destinations.Hosts, *r.Strategy.IdleTimeout, r.Strategy.Keepalive, r.Line, r.Column)
	want := "[{6378 6380} {16379 16379} {26379 26379}] [10.0.0.0/8 2001:db8::/32] [a.example.com] 36h0m0s 120s-30s-3 4 3"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Problems come in text order and read as an error.
func TestProblemsReadAsError(t *testing.T) {
	_, problems := Rules("f.yaml", []byte(oneRule("strategy: {idleTimeout: 0s, drainDuration: 0s}", "destinations: {ports: [0]}")))
	want := "f.yaml:5:46: error BadDrainDuration: rules[0].strategy.drainDuration: got \"0s\", want whole seconds from 1s to 2147483647s\n" +
		"f.yaml:6:26: error BadPort: rules[0].destinations.ports[0]: got 0, want 1-65535, or a range such as \"7000-7005\""
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(problems) != 3 || problems[0].Code != noIdleTimeout {
		t.Errorf("got %v, want the warning first, where it stands", problems)
	}
}

// An address where a network belongs is the network of that one.
func TestAddressIsNetwork(t *testing.T) {
	file, problems := Rules("f.yaml", read(t, filepath.Join("testdata", "good", "addresses.yaml")))
	if len(problems) > 0 {
		t.Fatal(report(problems))
	}
	if got, want := fmt.Sprint(file.Rules[0].Destinations.CIDRs, file.Mesh.ExcludeOutboundIPRanges), "[0.0.0.0/32 10.30.4.7/32 ::/128 2001:db8::1/128] [10.96.0.10/32]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
