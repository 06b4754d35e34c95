package load

import (
	"slices"
	"strings"
	"testing"
)

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
		oneRule(dest, strategy, "workloads: {podSelector: {¦app: cart¦}}"),
		oneRule(dest, strategy, "workloads: {namespaceSelector: {¦tier: 1¦}}"),
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
