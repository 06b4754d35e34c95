package decide

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/rules"
)

// Unknown namespace labels: such rules do not match, and the pod gets one
// warning, however many they are; a rule that fails anyway is not blamed.
func TestUnknownNamespaceLabels(t *testing.T) {
	set := compileRules(t, `rules:
- name: elsewhere
  destinations: {ports: [1]}
  workloads: {namespaces: [other], namespaceSelector: {matchLabels: {tier: backend}}}
  strategy: {bypass: Ports}
- name: first
  destinations: {ports: [1]}
  workloads: {namespaceSelector: {matchLabels: {tier: backend}}}
  strategy: {bypass: Ports}
- name: second
  destinations: {ports: [2]}
  workloads: {namespaceSelector: {matchLabels: {tier: backend}}}
  strategy: {bypass: Ports}
`)
	pod := shopPod()
	pod.Namespace = rules.Namespace{Name: "shop"}
	o := set.Decide(pod, Options{})
	if o.Reason != rules.NoRuleMatched || len(o.Warnings) != 1 || o.Warnings[0].Code != rules.WarnNamespaceLabelsUnknown ||
		!strings.Contains(o.Warnings[0].Message, "first") {
		t.Errorf("got %+v, want NoRuleMatched with one warning that names the rule first", o)
	}
	pod.Namespace = rules.Namespace{Name: "shop", Known: true, Labels: map[string]string{rules.EnabledKey: "true", "tier": "backend"}}
	if o := set.Decide(pod, Options{}); !slices.Equal(o.Rules, []string{"first", "second"}) || len(o.Warnings) > 0 {
		t.Errorf("got %+v, want both rules and no warning", o)
	}
}

func TestReferencingDestinations(t *testing.T) {
	tests := []struct {
		rule         string
		destinations string
		value        string
		want         bool
		unresolved   bool
	}{
		{"the port is enough where there is only a port", "ports: [6379]", "cache:6379", true, false},
		{"another port", "ports: [6379]", "cache:6380", false, false},
		{"a range", `ports: ["6000-7000"]`, "cache:6379", true, false},
		{"an IP in the CIDR", "cidrs: [10.20.0.0/16]", "10.20.1.5:6379", true, false},
		{"an IP outside it", "cidrs: [10.20.0.0/16]", "10.21.1.5:6379", false, false},
		{"an IPv6 address in the CIDR", `cidrs: ["2001:db8::/32"]`, "[2001:db8::7]:6379", true, false},
		{"port AND CIDR: wrong port", "ports: [6380], cidrs: [10.20.0.0/16]", "10.20.1.5:6379", false, false},
		{"port AND CIDR: wrong address", "ports: [6379], cidrs: [10.20.0.0/16]", "10.21.1.5:6379", false, false},
		{"a name where there are only CIDRs", "cidrs: [10.20.0.0/16]", "cache:6379", true, true},
		{"a name on the wrong port", "ports: [6380], cidrs: [10.20.0.0/16]", "cache:6379", false, false},
		{"a host", "hosts: [cache.example.com]", "Cache.Example.com.:6379", true, false},
		{"another host", "hosts: [cache.example.com]", "a.cache.example.com:6379", false, false},
		{"a glob stands for one label", `hosts: ["*.example.com"]`, "cache.example.com:6379", true, false},
		{"a glob stands for several labels", `hosts: ["*.example.com"]`, "a.b.example.com:6379", true, false},
		{"a glob does not stand for none", `hosts: ["*.example.com"]`, "example.com:6379", false, false},
		{"a glob within a label", `hosts: ["redis-*.prod"]`, "redis-7.prod:6379", true, false},
		{"a glob within a label stays in it", `hosts: ["redis-*.prod"]`, "redis-7.a.prod:6379", false, false},
		{"an IP where there are only hosts", `hosts: ["*.example.com"]`, "10.20.1.5:6379", false, false},
		{"hosts and CIDRs: a name that no glob means", `hosts: ["*.example.com"], cidrs: [10.20.0.0/16]`, "cache:6379", false, false},
		{"hosts and CIDRs: an IP", `hosts: ["*.example.com"], cidrs: [10.20.0.0/16]`, "10.20.1.5:6379", true, false},
		{"nine CIDRs use a table", "cidrs: [10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, 10.4.0.0/16, 10.5.0.0/16, 10.6.0.0/16, 10.7.0.0/16, 10.8.0.0/16, 10.9.0.0/16]", "10.9.1.5:6379", true, false},
		{"nine CIDRs, none of them", "cidrs: [10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, 10.4.0.0/16, 10.5.0.0/16, 10.6.0.0/16, 10.7.0.0/16, 10.8.0.0/16, 10.9.0.0/16]", "10.10.1.5:6379", false, false},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			set := compileRules(t, "rules:\n- name: r\n  destinations: {"+test.destinations+"}\n  workloads: {referencing: true}\n  strategy: {idleTimeout: 48h}\n")
			pod := shopPod()
			pod.Containers = envPod("VALUE", test.value).Containers
			o, verdicts := set.Explain(pod, Options{})
			if got := o.Reason == rules.Patched; got != test.want {
				t.Fatalf("got %+v, want a match: %v", verdicts, test.want)
			}
			if test.want && verdicts[0].Evidence[0].Unresolved != test.unresolved {
				t.Errorf("got %+v, want unresolved: %v", verdicts[0].Evidence, test.unresolved)
			}
			if diff := cmp.Diff(o, set.Decide(pod, Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDeclaredMiddleware(t *testing.T) {
	set := compileRules(t, `rules:
- name: session-cache
  destinations: {middleware: [redis], cidrs: [10.20.0.0/16]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
- name: orders
  destinations: {ports: [3306], hosts: [db.example.com]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 24h}
`)
	tests := []struct {
		rule, value string
		want        []string
		warnings    int
	}{
		{"a rule's name", "session-cache", []string{"session-cache"}, 0},
		{"a middleware's name", "redis", []string{"session-cache"}, 0},
		{"an alias in any case, with blanks", " Valkey , ", []string{"session-cache"}, 0},
		{"a middleware by its port", "mysql", []string{"orders"}, 0},
		{"both", "redis,mysql", []string{"session-cache", "orders"}, 0},
		{"known, but no rule is about it", "kafka", nil, 0},
		{"a typing error gets a warning", "redus", nil, 1},
		{"an empty text", "", nil, 0},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			pod := shopPod(rules.MiddlewareAnnotation, test.value)
			o, _ := set.Explain(pod, Options{})
			if !slices.Equal(o.Rules, test.want) || len(o.Warnings) != test.warnings {
				t.Errorf("got %q %v, want %q and %d warnings", o.Rules, o.Warnings, test.want, test.warnings)
			}
			if diff := cmp.Diff(o, set.Decide(pod, Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
