package load

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/holdfast-mesh/holdfast/rules"
)

const header = "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\n"

// oneRule is a file with one rule of a name and the given lines.
func oneRule(lines ...string) string {
	return header + "rules:\n- name: a\n  " + strings.Join(lines, "\n  ") + "\n"
}

// problemCase is a text with one "¦" right before where a problem is expected.
type problemCase struct {
	name string // the rule
	code Code
	text string
}

// check loads the text without its mark and looks for the problem at the mark.
func (c problemCase) check(t *testing.T, severity Severity) {
	t.Helper()
	before, after, ok := strings.Cut(c.text, "¦")
	if !ok {
		t.Fatal("the text has no ¦")
	}
	line := 1 + strings.Count(before, "\n")
	column := 1 + len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
	file, problems := Rules("f.yaml", []byte(before+after))
	found := 0
	for _, p := range problems {
		if p.Line == line && p.Column == column && p.Code == c.code && p.Severity == severity && p.File == "f.yaml" {
			found++
		} else if p.Severity == Error {
			t.Errorf("got another error: %s", p)
		}
	}
	if found != 1 {
		t.Errorf("got %d times %s %s at %d:%d, want it once:\n%s", found, severity, c.code, line, column, report(problems))
	}
	if (file == nil) != (severity == Error) {
		t.Errorf("got a file: %v, beside %s", file != nil, severity)
	}
}

// Every error stands where its cause stands, with its code, alone.
func TestErrors(t *testing.T) {
	const dest, strategy = "destinations: {ports: [6379]}", "strategy: {idleTimeout: 48h}"
	many := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []problemCase{
		{"an empty file", emptyFile, "¦"},
		{"comments alone are an empty file", emptyFile, "¦# nothing\n"},
		{"a second document", manyDocuments, oneRule(dest, strategy) + "¦---\n" + header},
		{"a second document behind an empty one", manyDocuments, "---\n" + oneRule(dest, strategy) + "---\n¦---\nx: y\n"},
		{"broken YAML, where it breaks", badSyntax, header + "rules: x¦: y\n"},
		{"nesting that no rules file needs", badSyntax, header + "mode: " + strings.Repeat("[", 64) + "¦" + many(1) + strings.Repeat("]", 64)},
		{"bytes of another encoding", notUTF8, header + "# caf\u00e9 ¦\xe9\n"},
		{"control characters", notUTF8, header + "mode: \"¦\x01\"\n"},
		{"another version", badAPIVersion, "apiVersion: ¦v1\nkind: Rules\nrules: []\n"},
		{"another kind", badKind, "apiVersion: holdfast.dev/v1alpha1\nkind: ¦ConfigMap\nrules: []\n"},
		{"a key that must be there", missingKey, header + "rules:\n- ¦name: a\n  " + dest + "\n"},
		{"a key that is not known", unknownKey, oneRule("¦destination: {}", dest, strategy)},
		{"a key of the format in the wrong place", unknownKey, oneRule("¦idleTimeout: 48h", dest, strategy)},
		{"a key twice", duplicateKey, oneRule(dest, strategy, "¦name: b")},
		{"a key twice in what is merged", duplicateKey, oneRule(dest, "strategy: {<<: {idleTimeout: 48h, ¦idleTimeout: 24h}}")},
		{"two merges into one mapping", duplicateKey, oneRule(dest, "strategy: {<<: {idleTimeout: 48h}, ¦<<: {drainDuration: 1h}}")},
		{"one name for a rule and its alias", duplicateName, header + "rules:\n- &a\n  name: a\n  " + dest + "\n  " + strategy + "\n- ¦*a\n"},
		{"one name for a rule and what it is merged into", duplicateName, header + "rules:\n- &a\n  name: a\n  " + dest + "\n  " + strategy + "\n- ¦<<: *a\n"},
		{"a wrong type", wrongType, oneRule(dest, strategy, "allowBroad: ¦1")},
		{"a key without a value", wrongType, oneRule(dest, strategy, "mode:¦")},
		{"a word that is not allowed", unknownChoice, oneRule(dest, strategy, "mode: ¦Off")},
		{"a name that is no label", badName, header + "rules:\n- name: ¦A_b\n  " + dest + "\n  " + strategy + "\n"},
		{"two rules with one name", duplicateName, oneRule(dest, strategy) + "- name: ¦a\n  " + dest + "\n  " + strategy + "\n"},
		{"empty destinations", emptyDestinations, oneRule("destinations: ¦{}", strategy)},
		{"destinations whose lists are empty", emptyDestinations, oneRule("destinations: ¦{ports: [], cidrs: []}", strategy)},
		{"a middleware nobody knows", unknownMiddleware, oneRule("destinations: {middleware: [redis, ¦rediss]}", strategy)},
		{"a bad port", badPort, oneRule("destinations: {ports: [1, ¦65536]}", strategy)},
		{"a bad range", badPort, oneRule("destinations: {ports: [¦\"7005-7000\"]}", strategy)},
		{"a bad CIDR", badCIDR, oneRule("destinations: {cidrs: [¦10.0.0.0/33]}", strategy)},
		{"an IPv4-mapped CIDR, which Istio programs into the wrong family", badCIDR, oneRule("destinations: {cidrs: [¦\"::ffff:10.0.0.0/104\"]}", strategy)},
		{"a bad host glob", badHost, oneRule("destinations: {hosts: [¦\"**.x\"]}", strategy)},
		{"a host that is part of an address", badHost, oneRule("destinations: {hosts: [¦10.20.30]}", strategy)},
		{"a bad namespace", badNamespace, oneRule(dest, strategy, "workloads: {namespaces: [¦Shop]}")},
		{"a list of namespaces without any", emptyList, oneRule(dest, strategy, "workloads: {namespaces: ¦[]}")},
		{"a bad selector", badSelector, oneRule(dest, strategy, "workloads: {podSelector: {matchExpressions: [¦{key: a, operator: In}]}}")},
		{"a bad duration", badDuration, oneRule(dest, "strategy: {idleTimeout: ¦48}")},
		{"no strategy", emptyStrategy, oneRule(dest, "strategy: ¦{}")},
		{"a negative idle timeout", badIdleTimeout, oneRule(dest, "strategy: {idleTimeout: ¦-1s}")},
		{"an idle timeout of minus nothing", badIdleTimeout, oneRule(dest, "strategy: {idleTimeout: ¦-0s}")},
		{"an idle timeout under a second", badIdleTimeout, oneRule(dest, "strategy: {idleTimeout: ¦999ms}")},
		{"a drain duration not in whole seconds", badDrainDuration, oneRule(dest, "strategy: {drainDuration: ¦1500ms}")},
		{"a drain duration under a second", badDrainDuration, oneRule(dest, "strategy: {drainDuration: ¦0s}")},
		{"keepalive time over 32767 s", badKeepalive, oneRule(dest, "strategy: {keepalive: {time: ¦32768s, interval: 1s, probes: 1}}")},
		{"keepalive interval not in whole seconds", badKeepalive, oneRule(dest, "strategy: {keepalive: {time: 1s, interval: ¦1500ms, probes: 1}}")},
		{"more than 127 probes", badKeepalive, oneRule(dest, "strategy: {keepalive: {time: 1s, interval: 1s, probes: ¦128}}")},
		{"keepalive without probes", missingKey, oneRule(dest, "strategy: {keepalive: ¦{time: 1s, interval: 1s}}")},
		{"scope without idleTimeout", scopeWithoutIdleTimeout, oneRule(dest, "strategy: {scope: ¦Sidecar, drainDuration: 1h}")},
		{"scope: Destinations by names alone", scopeWithoutDestinations, oneRule("destinations: {hosts: [a]}", "strategy: {idleTimeout: 2h, scope: ¦Destinations}")},
		{"bypass beside another strategy", bypassBesideOtherStrategy, oneRule(dest, "strategy: {drainDuration: 2h, bypass: ¦Ports}")},
		{"bypass: Ports without ports", bypassWithoutPorts, oneRule("destinations: {hosts: [a]}", "strategy: {bypass: ¦Ports}")},
		{"bypass: CIDRs without CIDRs", bypassWithoutCIDRs, oneRule(dest, "strategy: {bypass: ¦CIDRs}")},
		{"bypass: CIDRs with a list of over 96 KiB", tooManyCIDRs, oneRule("destinations: {cidrs: ¦["+strings.Join(networks(7000), ",")+"]}", "strategy: {bypass: CIDRs}")},
		{"bypass: Ports with 257 ports", tooManyPorts, oneRule("destinations: {ports: ¦[\"10000-10255\", 1]}", "strategy: {bypass: Ports}")},
		{"a protected port", protectedPort, oneRule("destinations: {ports: [1, ¦443]}", "strategy: {bypass: Ports}")},
		{"a range over a protected port", protectedPort, oneRule("destinations: {ports: [¦\"15090-15100\"]}", "strategy: {bypass: Ports}")},
		{"a wide IPv4 network in a bypass", broadCIDR, oneRule("destinations: {cidrs: [¦8.0.0.0/7]}", "strategy: {bypass: CIDRs}")},
		{"a wide IPv6 network in a bypass", broadCIDR, oneRule("destinations: {cidrs: [¦\"2000::/15\"]}", "strategy: {bypass: CIDRs}")},
		{"all IPv4 addresses, whatever is allowed", anyAddress, oneRule("destinations: {cidrs: [¦0.0.0.0/0]}", "strategy: {bypass: CIDRs}", "allowBroad: true")},
		{"all IPv6 addresses, in any strategy", anyAddress, oneRule("destinations: {cidrs: [¦\"::/0\"]}", "strategy: {drainDuration: 1h}")},
		{"a code that is none in allow", unknownChoice, oneRule("allow: [BypassesWholePorts, ¦BypassWholePorts]", dest, "strategy: {bypass: Ports}")},
		{"the code of an error in allow", unknownChoice, oneRule("allow: [¦BadPort]", dest, strategy)},
		{"the code of a warning that no rule gets in allow", unknownChoice, oneRule("allow: [¦NoRules]", dest, strategy)},
		{"the code of a warning that no gateway gets in allow", unknownChoice, header + "gateways:\n- {name: a, namespace: b, selector: {a: b}, ports: [1], keepalive: {time: 1s, interval: 1s, probes: 1}, allow: [¦BypassesWholePorts]}\n"},
		{"one code where a list belongs", wrongType, oneRule(dest, strategy, "allow: ¦NeedsMeshObject")},
		{"a gateway without labels", emptyList, header + "gateways:\n- {name: a, namespace: b, selector: ¦{}, ports: [1], keepalive: {time: 1s, interval: 1s, probes: 1}}\n"},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, Error) })
	}
}

// One mistake is one problem: a mistyped key is not also a missing one.
func TestOneMistake(t *testing.T) {
	const dest, strategy = "destinations: {ports: [6379]}", "strategy: {idleTimeout: 48h}"
	for _, c := range []struct{ name, text, hint string }{
		{"a required key of a rule", oneRule(dest, "stratgy: {idleTimeout: 48h}"), "write strategy"},
		{"another", oneRule("destination: {ports: [6379]}", strategy), "write destinations"},
		{"the only list of destinations", oneRule("destinations: {port: [6379]}", strategy), "write ports"},
		{"the ports that a bypass needs", oneRule("destinations: {port: [6379]}", "strategy: {bypass: Ports}"), "write ports"},
		{"the networks that a scope needs", oneRule("destinations: {cidr: [10.0.0.0/8]}", "strategy: {idleTimeout: 48h, scope: Destinations}"), "write cidrs"},
		{"the only strategy", oneRule(dest, "strategy: {idle_timeout: 48h}"), "write idleTimeout"},
		{"a strategy with a scope", oneRule(dest, "strategy: {idle_timeout: 48h, scope: Sidecar}"), "write idleTimeout"},
		{"a key of keepalive, as others call it", oneRule(dest, "strategy: {idleTimeout: 48h, keepalive: {idle: 2m, interval: 30s, probes: 3}}"), "write time"},
		{"another of them", oneRule(dest, "strategy: {idleTimeout: 48h, keepalive: {time: 2m, interval: 30s, count: 3}}"), "write probes"},
		{"a key above where it belongs", oneRule(dest, "idleTimeout: 48h"), "idleTimeout belongs under strategy"},
		{"a header", "apiVersoin: holdfast.dev/v1alpha1\nkind: Rules\n", "write apiVersion"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := Rules("f.yaml", []byte(c.text))
			if len(problems) != 1 || problems[0].Code != unknownKey || !strings.HasSuffix(problems[0].Message, ": "+c.hint) {
				t.Errorf("got\n%s, want one %s that ends in %q", report(problems), unknownKey, c.hint)
			}
		})
	}
}

// Two mistakes are two.
func TestTwoMistakes(t *testing.T) {
	_, problems := Rules("f.yaml", []byte(oneRule("destinations: {ports: [6379]}", "colour: red")))
	if len(problems) != 2 || problems[0].Code != missingKey || problems[1].Code != unknownKey {
		t.Errorf("got\n%s, want %s and %s", report(problems), missingKey, unknownKey)
	}
}

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

// Every documented code has a test that expects it at its position, here or in
// the corpus, with the documented severity; and no other code is reported.
func TestCodesAreTested(t *testing.T) {
	reported := map[Code]Severity{}
	for _, kind := range []string{"good", "bad"} {
		for _, file := range corpus(t, kind) {
			_, problems := Rules(file, read(t, file))
			for _, p := range problems {
				reported[p.Code] = p.Severity
			}
		}
	}
	for _, problems := range []Problems{largeFile(), manyAliases(), manyProblems(), manyValues(), longBypass(), Unreadable("f", fs.ErrNotExist)} {
		for _, p := range problems {
			reported[p.Code] = p.Severity
		}
	}
	known := documented(t)
	for code, want := range known {
		switch severity, ok := reported[code]; {
		case !ok && code != keepaliveWithoutIdleTimeout && code != longDrainDuration:
			t.Errorf("no file of testdata reports %s", code)
		case ok && severity != want:
			t.Errorf("%s is reported as %s, want %s", code, severity, want)
		}
	}
	for code := range reported {
		if known[code] == "" {
			t.Errorf("%s is reported but not in docs/codes.md", code)
		}
	}
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

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"48h": 48 * time.Hour, "2d": 48 * time.Hour, "1d12h": 36 * time.Hour, "0.5d": 12 * time.Hour,
		"90m": 90 * time.Minute, "1h30m": 90 * time.Minute, "0s": 0, "0d": 0, "-2d": -48 * time.Hour, "1.5s": 1500 * time.Millisecond,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	// Grammar that is nearly right stays an error: Istio would ignore it.
	for _, text := range []string{"", "0", "48", "d", "1d-5h", "--5s", "-+5s", "2D", "1d2d", "1d ", "106752d", "200000000h", "1d2562047h48m", "١d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

// What is written wrong comes with what was meant, in the grammar of a file.
func TestDurationHints(t *testing.T) {
	for text, want := range map[string]string{
		"+80": `write "80s", "80m" or "80h"`, "0.0": `write "0s"`, "2 weeks": `write "14d"`, "1.5 days": `write "1.5d"`,
		"1 hour and 30 minutes": `write "1h30m"`, "P1DT12H": `write "1d12h"`, "100 msecs": `write "100ms"`,
		// Nothing that the loader would take: hours before days, half a week, a
		// number without unit behind another.
		"12h 1d": `"2d"`, "1.5w": `"2d"`, "1h 30": `"2d"`, "+5s": `"2d"`,
		"106752.5d": "want at most 106751d",
	} {
		if _, err := parseDuration(text); err == nil || !strings.HasSuffix(err.Error(), want) && !strings.Contains(err.Error(), want+":") {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
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

// What a message says to write is accepted in that place.
func TestAdviceIsAccepted(t *testing.T) {
	const dest, strategy = "destinations: {ports: [6379]}", "strategy: {idleTimeout: 48h}"
	for _, text := range []string{
		oneRule("destinations: {ports: ¦\"6379\"¦}", strategy),
		oneRule("destinations: {ports: ¦\"6379,6380\"¦}", strategy),
		oneRule("destinations: {ports: ¦6379¦}", strategy),
		oneRule("destinations: {ports: ¦7000-7005¦}", strategy),
		oneRule("destinations: {middleware: ¦\"redis, mysql\"¦}", strategy),
		oneRule("destinations: {hosts: ¦a.example.com¦}", strategy),
		oneRule("destinations: {cidrs: ¦10.0.0.0/8¦}", strategy),
		oneRule(dest, "strategy: {drainDuration: ¦0¦}"),
		oneRule(dest, "strategy: {idleTimeout: ¦0¦}"),
		oneRule(dest, strategy, "workloads: {namespaces: ¦shop¦}"),
	} {
		parts := strings.Split(text, "¦")
		_, problems := Rules("f.yaml", []byte(strings.Join(parts, "")))
		i := slices.IndexFunc(problems, func(p Problem) bool { return p.Severity == Error })
		if i < 0 {
			t.Errorf("%s: got no error, want one", parts[1])
			continue
		}
		_, advice, _ := strings.Cut(problems[i].Message, ": write ")
		advice = strings.TrimPrefix(advice, "for example ")
		if _, problems = Rules("f.yaml", []byte(parts[0]+advice+parts[2])); advice == "" || problems.HasErrors() {
			t.Errorf("%s: got the advice %q, want one that is accepted:\n%s", parts[1], advice, report(problems))
		}
	}
	_, problems := Rules("f.yaml", []byte(header+"rules: redis\n"))
	if len(problems) != 1 || strings.Contains(problems[0].Message, "write") {
		t.Errorf("got\n%s, want no advice to write a name where rules belong", report(problems))
	}
}
