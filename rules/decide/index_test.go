package decide

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Rules that share a port are filed under what tells them apart. Each kind of
// address must still lead to them.
func TestIndexTellsRulesApart(t *testing.T) {
	text := "rules:\n"
	for _, r := range []struct{ name, destinations string }{
		{"net-a", "ports: [6379], cidrs: [10.1.0.0/16]"},
		{"net-b", "ports: [6379], cidrs: [10.2.0.0/16]"},
		{"host-a", "ports: [6379], hosts: [a.example.com]"},
		{"host-b", "ports: [6379], hosts: [\"*.b.example.com\"]"},
		{"host-c", "ports: [6379], hosts: [\"redis-*\"]"},
		{"both", "ports: [6379], hosts: [\"redis-*.c\"], cidrs: [10.0.0.0/8]"},
		{"any-port", "cidrs: [10.3.0.0/16]"},
		{"any-port-6", "cidrs: [\"2001:db8::/32\"]"},
	} {
		text += "- name: " + r.name + "\n  destinations: {" + r.destinations + "}\n  workloads: {referencing: true}\n  strategy: {idleTimeout: 48h}\n"
	}
	set := compileRules(t, text)
	tests := []struct{ rule, value, want string }{
		{"an address in one network, and in a wider one", "10.1.2.3:6379", "net-a both"},
		{"another network", "10.2.2.3:6379", "net-b both"},
		{"a name meets every rule with CIDRs alone", "cache:6379", "net-a net-b any-port any-port-6"},
		{"a name on another port meets those for any port", "cache:6380", "any-port any-port-6"},
		{"a host", "a.example.com:6379", "net-a net-b host-a any-port any-port-6"},
		{"a glob of suffixes", "x.y.b.example.com:6379", "net-a net-b host-b any-port any-port-6"},
		{"a glob without a suffix", "redis-1:6379", "net-a net-b host-c any-port any-port-6"},
		{"a glob with a suffix", "redis-1.c:6379", "net-a net-b both any-port any-port-6"},
		{"any port", "10.3.0.1:1", "any-port"},
		{"IPv6", "[2001:db8::1]:1", "any-port-6"},
		{"nothing", "192.0.2.1:6379", ""},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			pod := shopPod()
			pod.Containers = envPod("VALUE", test.value).Containers
			o := set.Decide(pod, Options{})
			if !slices.Equal(o.Rules, strings.Fields(test.want)) && test.want != "" || test.want == "" && o.Reason != rules.NoRuleMatched {
				t.Errorf("got %q, want %s", o.Rules, test.want)
			}
			explained, _ := set.Explain(pod, Options{})
			if diff := cmp.Diff(explained, o); diff != "" {
				t.Errorf("Explain differs from Decide:\n%s", diff)
			}
		})
	}
}
