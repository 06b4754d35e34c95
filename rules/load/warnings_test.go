package load

import (
	"slices"
	"strings"
	"testing"
)

// Warnings stand where their cause stands, and do not keep a file from use.
func TestWarnings(t *testing.T) {
	const dest, strategy = "destinations: {ports: [6379]}", "strategy: {idleTimeout: 48h}"
	const keepalive = "{time: 120s, interval: 30s, probes: 3}"
	two := func(a, b string) string {
		return oneRule(dest, "strategy: {"+a+"}") + "- name: b\n  " + dest + "\n  strategy: " + b + "\n"
	}
	for _, c := range []problemCase{
		{"nothing to do", noRules, "¦" + header},
		{"no timeout at all", noIdleTimeout, oneRule(dest, "strategy: {idleTimeout: ¦0s}")},
		{"keepalive alone", keepaliveWithoutIdleTimeout, oneRule(dest, "strategy: {keepalive: ¦"+keepalive+"}")},
		{"keepalive with an idle timeout of an hour", keepaliveWithoutIdleTimeout, oneRule(dest, "strategy: {idleTimeout: 1h, keepalive: ¦"+keepalive+"}")},
		{
			"keepalive where the idle timeout is for other pods", keepaliveWithoutIdleTimeout,
			oneRule(dest, strategy, "workloads: {namespaces: [x]}") + "- name: b\n  " + dest + "\n  strategy: {keepalive: ¦" + keepalive + "}\n",
		},
		{"a drain duration over 24 h", longDrainDuration, oneRule(dest, "strategy: {drainDuration: ¦25h}")},
		{"a bypass of ports", bypassesWholePorts, oneRule(dest, "strategy: {bypass: ¦Ports}")},
		{"hosts beside scope: Destinations", hostsDoNotNarrow, oneRule("destinations: {ports: [1], hosts: ¦[a]}", "strategy: {idleTimeout: 2h, scope: Destinations}")},
		{"hosts beside a bypass, with nothing that uses them", hostsDoNotNarrow, oneRule("destinations: {cidrs: [10.0.0.0/8], hosts: ¦[a]}", "strategy: {bypass: CIDRs}")},
		{"CIDRs beside bypass: Ports", cidrsDoNotNarrow, oneRule("destinations: {ports: [1], cidrs: ¦[10.0.0.0/8]}", "strategy: {bypass: Ports}")},
		{"ports beside bypass: CIDRs", portsDoNotNarrow, oneRule("destinations: {ports: ¦[1], cidrs: [10.0.0.0/8]}", "strategy: {bypass: CIDRs}")},
		{"scope: Destinations needs the one object for it", NeedsMeshObject, oneRule(dest, "strategy: {idleTimeout: 2h, scope: ¦Destinations}")},
		{"keepalive needs the object for its value", NeedsMeshObject, oneRule(dest, "strategy: {idleTimeout: 2h, keepalive: ¦"+keepalive+"}")},
		{"so it does in mode Observe: the object comes before the pods", NeedsMeshObject, oneRule(dest, "mode: Observe", "strategy: {idleTimeout: 2h, keepalive: ¦"+keepalive+"}")},
		{"a gateway needs its own object", NeedsMeshObject, header + "gateways:\n- {name: a, namespace: b, selector: {a: b}, ports: [1], keepalive: ¦" + keepalive + "}\n"},
		{
			"what one rule allows, the next one does not", NeedsMeshObject,
			oneRule(dest, "strategy: {idleTimeout: 2h, keepalive: "+keepalive+"}", "allow: [NeedsMeshObject]") +
				"- name: b\n  " + dest + "\n  strategy: {idleTimeout: 2h, keepalive: ¦" + keepalive + "}\n",
		},
		{
			"what one gateway allows, the next one does not", NeedsMeshObject,
			header + "gateways:\n- {name: a, namespace: b, selector: {a: b}, ports: [1], keepalive: " + keepalive + ", allow: [NeedsMeshObject]}\n" +
				"- {name: c, namespace: b, selector: {a: b}, ports: [1], keepalive: ¦" + keepalive + "}\n",
		},
		{"a warning is allowed by the rule that gets it, not by the earlier one", conflictingRules, oneRule("allow: [ConflictingRules]", dest, strategy) +
			"- name: b\n  " + dest + "\n  strategy: ¦{idleTimeout: 24h}\n"},
		{"one code allows no other warning", noIdleTimeout, oneRule("allow: [NeedsMeshObject]", dest, "strategy: {idleTimeout: ¦0s, scope: Destinations}")},
		{"what the mesh section gets, no rule allows", hostBitsSet, header + "mesh: {excludeOutboundIPRanges: [¦10.0.0.1/8]}\nrules:\n- {name: a, " + dest + ", " + strategy + ", allow: [HostBitsSet]}\n"},
		{"ports that narrow nothing", destinationsDoNotNarrow, oneRule("destinations: ¦{ports: [6379]}", strategy)},
		{"hosts that narrow nothing", destinationsDoNotNarrow, oneRule("destinations: ¦{hosts: [a.b]}", "strategy: {drainDuration: 1h}", "workloads: {podSelector: {matchLabels: {a: b}}}")},
		{"a bypass for whoever names an address", bypassByReference, oneRule("destinations: {cidrs: [10.0.0.0/8]}", "workloads: {referencing: true}", "strategy: {bypass: ¦CIDRs}")},
		{"host bits", hostBitsSet, oneRule("destinations: {cidrs: [¦10.0.0.1/8]}", strategy)},
		{"labels that contradict each other", neverMatches, oneRule(dest, strategy, "workloads: ¦{podSelector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}")},
		{"a label that must be there and must not", neverMatches, oneRule(dest, strategy, "workloads: ¦{namespaceSelector: {matchExpressions: [{key: a, operator: Exists}, {key: a, operator: DoesNotExist}]}}")},
		{"two lists of values with nothing in common", neverMatches, oneRule(dest, strategy, "workloads: ¦{podSelector: {matchExpressions: [{key: a, operator: In, values: [b]}, {key: a, operator: In, values: [c, d]}]}}")},
		{"pods that opted out", neverMatches, oneRule(dest, strategy, "workloads: ¦{podSelector: {matchLabels: {holdfast.dev/enabled: \"false\"}}}")},
		{"namespaces without sidecars", neverMatches, oneRule(dest, strategy, "workloads: ¦{namespaces: [kube-system]}")},
		{"two ways to name namespaces that differ", neverMatches, oneRule(dest, strategy, "workloads: ¦{namespaces: [a], namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}")},
		{"two idle timeouts for one port", conflictingRules, two("idleTimeout: 48h", "¦{idleTimeout: 24h}")},
		{"two keepalives for one port", conflictingRules, two("idleTimeout: 2h, keepalive: "+keepalive, "¦{keepalive: {time: 60s, interval: 30s, probes: 3}}")},
		{"two drain durations for one port", conflictingRules, two("drainDuration: 2h", "¦{drainDuration: 3h}")},
		{"a bypass beside a strategy that needs the sidecar", conflictingRules, two("idleTimeout: 48h", "¦{bypass: Ports}")},
		{"one network for two ways", conflictingRules, oneRule("destinations: {cidrs: [10.20.0.0/16]}", strategy) +
			"- name: b\n  destinations: {cidrs: [10.0.0.0/8]}\n  strategy: ¦{bypass: CIDRs}\n"},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, Warning) })
	}
}

// What is deliberate gives no warning.
func TestNoWarnings(t *testing.T) {
	const dest, keepalive = "destinations: {ports: [6379]}", "{time: 120s, interval: 30s, probes: 3}"
	for name, text := range map[string]string{
		"different timeouts for different namespaces": oneRule(dest, "strategy: {idleTimeout: 48h}", "workloads: {namespaces: [a]}") +
			"- name: b\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n  workloads: {namespaces: [b, \"c-*\"]}\n",
		"different timeouts for different labels": oneRule(dest, "strategy: {idleTimeout: 48h}", "workloads: {podSelector: {matchLabels: {app: a}}}") +
			"- name: b\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n  workloads: {podSelector: {matchLabels: {app: b}}}\n",
		"different timeouts for lists of labels with nothing in common": oneRule(dest, "strategy: {idleTimeout: 48h}", "workloads: {podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}}") +
			"- name: b\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n  workloads: {podSelector: {matchExpressions: [{key: app, operator: In, values: [c]}]}}\n",
		"one timeout for some, another for the rest": oneRule(dest, "strategy: {idleTimeout: 48h}", "workloads: {namespaceSelector: {matchLabels: {tier: a}}}") +
			"- name: b\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n  workloads: {namespaceSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [a]}]}}\n",
		"one timeout for those with a label, another for those without": oneRule(dest, "strategy: {idleTimeout: 48h}", "workloads: {podSelector: {matchExpressions: [{key: a, operator: DoesNotExist}]}}") +
			"- name: b\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n  workloads: {podSelector: {matchExpressions: [{key: a, operator: Exists}]}}\n",
		"different timeouts for globs of different names": oneRule(dest, "strategy: {idleTimeout: 48h}", "workloads: {namespaces: [\"a-*\"]}") +
			"- name: b\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n  workloads: {namespaces: [\"b-*\", c]}\n",
		"different timeouts for different networks": oneRule("destinations: {ports: [1], cidrs: [10.0.0.0/16]}", "strategy: {idleTimeout: 48h}") +
			"- name: b\n  destinations: {ports: [1], cidrs: [10.1.0.0/16]}\n  strategy: {idleTimeout: 24h}\n",
		"keepalive beside another rule's idle timeout for every pod": oneRule("allow: [NeedsMeshObject]", dest, "strategy: {keepalive: {time: 1s, interval: 1s, probes: 1}}", "workloads: {namespaces: [a]}") +
			"- name: b\n  destinations: {ports: [1]}\n  strategy: {idleTimeout: 24h}\n",
		"keepalive beside another rule's idle timeout for the same pods": oneRule("allow: [NeedsMeshObject]", dest, "strategy: {keepalive: {time: 1s, interval: 1s, probes: 1}}", "workloads: {namespaces: [a, b]}") +
			"- name: b\n  destinations: {ports: [1]}\n  strategy: {idleTimeout: 24h}\n  workloads: {namespaces: [b, a]}\n",
		"a rule watched beside the one in force": oneRule(dest, "strategy: {idleTimeout: 48h}") +
			"- name: b\n  mode: Observe\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n",
		"a gateway's object, allowed": header + "gateways:\n- {name: a, namespace: b, selector: {a: b}, ports: [1], keepalive: " + keepalive + ", allow: [NeedsMeshObject]}\n",
		"two timeouts for one port, allowed": oneRule(dest, "strategy: {idleTimeout: 48h}") +
			"- name: b\n  allow: [ConflictingRules]\n  " + dest + "\n  strategy: {idleTimeout: 24h}\n",
		"two bypasses": oneRule("destinations: {cidrs: [10.0.0.0/8]}", "strategy: {bypass: CIDRs}") +
			"- name: b\n  destinations: {cidrs: [10.0.0.0/9]}\n  strategy: {bypass: CIDRs}\n",
		"ports that choose pods for a bypass of networks": oneRule("destinations: {ports: [1], hosts: [a], cidrs: [10.0.0.0/8]}", "strategy: {bypass: CIDRs}", "workloads: {referencing: true}", "allow: [BypassByReference]"),
		"ports that choose pods":                          oneRule(dest, "strategy: {idleTimeout: 48h}", "workloads: {referencing: true}"),
		"ports that choose connections":                   oneRule(dest, "strategy: {idleTimeout: 48h, scope: Destinations}", "allow: [NeedsMeshObject]"),
		"every pod, and that is allowed":                  oneRule(dest, "strategy: {idleTimeout: 48h}", "allow: [DestinationsDoNotNarrow]"),
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Rules("f.yaml", []byte(text))
			if strings.Count(text, "- name:") > 1 {
				// Rules are set side by side here for all pods.
				problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Code == destinationsDoNotNarrow })
			}
			if len(problems) > 0 {
				t.Errorf("got problems, want none:\n%s", report(problems))
			}
		})
	}
}

// A rule can allow every documented warning but the one that is about no rule, and is then not
// told of any.
func TestAllow(t *testing.T) {
	text := oneRule("allow: ALL", "destinations: {ports: [1], cidrs: [10.0.0.1/8], hosts: [a]}", "workloads: {namespaces: [kube-system]}",
		"strategy: {idleTimeout: 0s, scope: Destinations, keepalive: {time: 2m, interval: 30s, probes: 3}, drainDuration: 25h}") +
		"- name: b\n  allow: ALL\n  destinations: {ports: [1]}\n  strategy: {keepalive: {time: 1s, interval: 1s, probes: 1}}\n" +
		"- name: c\n  allow: ALL\n  destinations: {ports: [2], cidrs: [11.0.0.0/8]}\n  strategy: {bypass: Ports}\n" +
		"- name: d\n  allow: ALL\n  destinations: {ports: [3], cidrs: [11.0.0.0/8]}\n  strategy: {bypass: CIDRs}\n" +
		"- name: e\n  allow: ALL\n  destinations: {ports: [2]}\n  strategy: {drainDuration: 1h}\n" +
		"- name: f\n  allow: ALL\n  destinations: {cidrs: [12.0.0.0/8]}\n  workloads: {referencing: true}\n  strategy: {bypass: CIDRs}\n"
	_, problems := Rules("f.yaml", []byte(strings.ReplaceAll(text, "ALL", "[]")))
	got := map[Code]bool{noRules: true}
	for _, p := range problems {
		got[p.Code] = true
	}
	for code, severity := range documented(t) {
		if severity == Warning && !got[code] {
			t.Errorf("nothing is allowed and %s is not reported", code)
		}
	}
	if _, problems := Rules("f.yaml", []byte(strings.ReplaceAll(text, "ALL", "["+strings.Join(texts(RuleWarnings()), ", ")+"]"))); len(problems) > 0 {
		t.Errorf("everything is allowed, and still reported is\n%s", report(problems))
	}
}
