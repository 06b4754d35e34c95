package decide

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/rules"
)

// A text that says the middleware counts on any port, where the strategy does not go by
// ports. Where it does, the verdict says which port to add.
func TestKinds(t *testing.T) {
	const (
		sidecar   = "{idleTimeout: 48h}"
		scoped    = "{idleTimeout: 48h, scope: Destinations}"
		both      = "{idleTimeout: 48h, scope: Destinations, drainDuration: 12h}"
		bypass    = "{bypass: Ports}"
		networks  = "{bypass: CIDRs}"
		addPort   = "add 7777 to its ports"
		addedNote = "add 7777 to the rule's ports"
	)
	tests := []struct {
		rule, destinations, strategy, value string
		want                                bool
		text                                string // in the verdict's detail
	}{
		{"on a port of its own", "middleware: [redis]", sidecar, "redis://cache:7777", true, "cache:7777"},
		{"another kind", "middleware: [mysql]", sidecar, "redis://cache:7777", false, ""},
		{"a rule with ports alone names no kind", "ports: [6379]", sidecar, "redis://cache:7777", false, ""},
		{"a strategy that goes by ports", "middleware: [redis]", scoped, "redis://cache:7777", false, addPort},
		{"a bypass of ports", "middleware: [redis]", bypass, "redis://cache:7777", false, addPort},
		{"with the port added", "middleware: [redis], ports: [7777]", scoped, "redis://cache:7777", true, ""},
		{"a bypass of networks does not go by ports", "middleware: [redis], cidrs: [10.0.0.0/8]", networks, "redis://10.1.2.3:7777", true, ""},
		{"with another strategy beside it", "middleware: [redis]", both, "redis://cache:7777", true, addedNote},
		{"the rule's hosts still count", "middleware: [redis], hosts: [other]", sidecar, "redis://cache:7777", false, ""},
		{"the rule's networks still count", "middleware: [redis], cidrs: [10.0.0.0/8]", sidecar, "redis://11.1.2.3:7777", false, ""},
		{"a name where there are only networks", "middleware: [redis], cidrs: [10.0.0.0/8]", sidecar, "redis://cache:7777", true, "only CIDRs"},
		{"HTTP to what does not speak it", "middleware: [kafka]", sidecar, "http://alertmanager:9093", false, ""},
		{"HTTP to what does", "middleware: [elasticsearch]", sidecar, "http://search:9200", true, ""},
		{"HTTP on a port that the rule lists", "ports: [9093]", sidecar, "http://alertmanager:9093", true, ""},
		{"a port between servers", "middleware: [cassandra]", sidecar, "app:7000", false, ""},
		{"the same, where the text says the kind", "middleware: [cassandra]", sidecar, "cassandra://app:7000", true, ""},
		{"the same port in a rule of its own", "ports: [7000]", sidecar, "app:7000", true, ""},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			set := compileRules(t, "rules:\n- name: r\n  destinations: {"+test.destinations+"}\n  workloads: {referencing: true}\n  strategy: "+test.strategy+"\n")
			pod := shopPod()
			pod.Containers = envPod("VALUE", test.value).Containers
			o, verdicts := set.Explain(pod, Options{})
			if got := o.Reason == rules.Patched; got != test.want || !strings.Contains(verdicts[0].Detail, test.text) {
				t.Errorf("got %+v, want a match: %v, and %q", verdicts[0], test.want, test.text)
			}
			if diff := cmp.Diff(o, set.Decide(pod, Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A host without a port is a destination only where a rule names it, and only in a
// variable that is called as an address is.
func TestBareHosts(t *testing.T) {
	tests := []struct {
		rule, destinations, name, value string
		want                            bool
	}{
		{"a host", `hosts: ["*.example.com"]`, "CACHE_HOST", "cache.example.com", true},
		{"a host of a rule that has ports", `ports: [6379], hosts: ["*.example.com"]`, "CACHE_HOST", "cache.example.com", true},
		{"another host", `hosts: ["*.example.com"]`, "CACHE_HOST", "cache.example.org", false},
		{"an IP", "cidrs: [10.20.0.0/16]", "CACHE_IP", "10.20.1.5", true},
		{"another IP", "cidrs: [10.20.0.0/16]", "CACHE_IP", "10.21.1.5", false},
		{"a name where there are only networks", "cidrs: [10.20.0.0/16]", "CACHE_HOST", "cache", false},
		{"a name where there are only ports", "ports: [6379]", "CACHE_HOST", "cache", false},
		{"a variable that is no address by its name", `hosts: ["*.example.com"]`, "CACHE", "cache.example.com", false},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			set := compileRules(t, "rules:\n- name: r\n  destinations: {"+test.destinations+"}\n  workloads: {referencing: true}\n  strategy: {idleTimeout: 48h}\n")
			pod := shopPod()
			pod.Containers = envPod(test.name, test.value).Containers
			o, verdicts := set.Explain(pod, Options{})
			if got := o.Reason == rules.Patched; got != test.want {
				t.Errorf("got %+v, want a match: %v", verdicts[0], test.want)
			}
			if diff := cmp.Diff(o, set.Decide(pod, Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
