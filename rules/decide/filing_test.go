package decide

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence"
	"github.com/holdfast-mesh/holdfast/rules/merge"
)

// filed are the filings of a rule as texts, sorted keys with a comma between.
func filed(r *rules.Rule) []string {
	var c compiled
	c.compile(new(merge.Compiler), r)
	var texts []string
	for _, f := range c.filings() {
		var keys []string
		for _, k := range f.keys {
			name := map[keyKind]string{
				keyNamespace: "namespace", keyNamespacePrefix: "prefix", keyPodLabel: "pod", keyNamespaceLabel: "label", keyPort: "port",
				keyNamePort: "name port", keyName: "name", keyHost: "host", keyHostSuffix: "suffix", keyAddress: "address",
				keyOfKind: "kind", keyUnresolvedPort: "unresolved port", keyUnresolvedKind: "unresolved kind",
			}[k.kind]
			for _, part := range []string{k.text, k.value} {
				if part != "" {
					name += " " + part
				}
			}
			if k.port != 0 {
				name += fmt.Sprint(" ", k.port)
			}
			keys = append(keys, name)
		}
		for _, p := range f.prefixes {
			keys = append(keys, p.String())
		}
		texts = append(texts, strings.Join(keys, ", "))
	}
	return texts
}

// What a rule may be filed under: each condition that few keys stand for.
func TestFilings(t *testing.T) {
	manyValues := make([]string, maxKeys+1)
	for i := range manyValues {
		manyValues[i] = fmt.Sprint("v", i)
	}
	selector := func(values ...string) *rules.Selector {
		return &rules.Selector{MatchExpressions: []rules.Requirement{{Key: "app", Operator: rules.OpIn, Values: values}, {Key: "tier", Operator: rules.OpExists}}}
	}
	tests := []struct {
		rule         string
		destinations string
		workloads    rules.Workloads
		want         []string
	}{
		{"nothing to file under", "ports: [1]", rules.Workloads{}, nil},
		{"namespaces by name and by what they begin with", "ports: [1]", rules.Workloads{Namespaces: []string{"shop", "team-*-x"}}, []string{"namespace shop, prefix team-"}},
		{"a glob that begins with a star", "ports: [1]", rules.Workloads{Namespaces: []string{"shop", "*-x"}}, nil},
		{"labels of pod and namespace", "ports: [1]", rules.Workloads{PodSelector: selector("a", "b"), NamespaceSelector: selector("c")}, []string{"pod app a, pod app b", "label app c"}},
		{"too many values", "ports: [1]", rules.Workloads{PodSelector: selector(manyValues...)}, nil},
		{"ports", "ports: [1, 2]", rules.Workloads{Referencing: true}, []string{"port 1, port 2"}},
		{"too many ports, so any address", `ports: ["1-257"]`, rules.Workloads{Referencing: true}, []string{"address"}},
		{"a network, which names may be in", "cidrs: [10.0.0.0/8]", rules.Workloads{Referencing: true}, []string{"name, 10.0.0.0/8"}},
		{"a network on a port", "ports: [1], cidrs: [10.0.0.0/8]", rules.Workloads{Referencing: true}, []string{"port 1, port", "name port 1, unresolved port 1, 10.0.0.0/8"}},
		{"a kind, whatever its port", "middleware: [memcached]", rules.Workloads{Referencing: true}, []string{"port 11211, kind memcached"}},
		{"a kind of some hosts", "middleware: [memcached], hosts: [cache]", rules.Workloads{Referencing: true}, []string{"port 11211, kind memcached, port", "host cache, unresolved port 11211, unresolved kind memcached"}},
		{"a kind in a network", "middleware: [memcached], cidrs: [10.0.0.0/8]", rules.Workloads{Referencing: true}, []string{"port 11211, kind memcached, port", "name port 11211, kind memcached, unresolved port 11211, unresolved kind memcached, 10.0.0.0/8"}},
		{"too many ports of some hosts", `ports: ["1-257"], hosts: [cache]`, rules.Workloads{Referencing: true}, []string{"host cache, unresolved port"}},
		{"hosts", `hosts: [cache, "*.example.com", "redis-*"]`, rules.Workloads{Referencing: true}, []string{"host cache, suffix example.com, suffix"}},
		{"as many hosts as networks", `hosts: [cache], cidrs: [10.0.0.0/8]`, rules.Workloads{Referencing: true}, []string{"host cache, 10.0.0.0/8"}},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			r := compileRules(t, "rules:\n- {name: r, destinations: {"+test.destinations+"}, strategy: {keepalive: {time: 120s, interval: 30s, probes: 3}}}\n").file.Rules[0]
			r.Workloads = test.workloads
			if got := filed(&r); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for count, want := range map[int]int{maxKeys: maxKeys, maxKeys + 1: 0} {
		var c compiled
		c.compile(new(merge.Compiler), &rules.Rule{
			Destinations: rules.Destinations{Ports: []ports.Range{{First: 1, Last: uint16(count)}}},
			Workloads:    rules.Workloads{PodSelector: &rules.Selector{MatchExpressions: []rules.Requirement{{Key: "app", Operator: rules.OpIn, Values: manyValues[:count]}}}, Referencing: true},
		})
		keys := map[keyKind]int{}
		for _, f := range c.filings() {
			for _, k := range f.keys {
				keys[k.kind]++
			}
		}
		if keys[keyPort] != want || keys[keyPodLabel] != want {
			t.Errorf("%d ports and values: got %d and %d keys, want %d", count, keys[keyPort], keys[keyPodLabel], want)
		}
	}
}

// A rule is filed where the fewest others are, the first of equals, and names
// that meet rules with only CIDRs are no reason to file elsewhere.
func TestCheapestFiling(t *testing.T) {
	set := compileRules(t, `rules:
- {name: a, destinations: {ports: [1], hosts: [a]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: b, destinations: {ports: [1], hosts: [b]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: c, destinations: {ports: [2], hosts: [c]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: d, destinations: {ports: [3], cidrs: [10.4.0.0/16]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: e, destinations: {ports: [3], cidrs: [10.5.0.0/16]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: f, destinations: {ports: [4], cidrs: [10.6.0.0/16]}, workloads: {referencing: true, namespaces: [shop]}, strategy: {idleTimeout: 48h}}
- {name: g, destinations: {ports: [5], cidrs: [10.6.0.0/16]}, workloads: {referencing: true, namespaces: [shop]}, strategy: {idleTimeout: 48h}}
- {name: h, destinations: {cidrs: [10.7.0.0/16]}, workloads: {referencing: true, namespaces: [team]}, strategy: {idleTimeout: 48h}}
- {name: i, destinations: {cidrs: [10.8.0.0/16]}, workloads: {referencing: true, namespaces: [team]}, strategy: {idleTimeout: 48h}}
`)
	tests := []struct {
		key  key
		want string
	}{
		{key{kind: keyPort, port: 1}, ""},
		{key{kind: keyHost, text: "a"}, "a"},
		{key{kind: keyHost, text: "b"}, "b"},
		{key{kind: keyPort, port: 2}, "c"},
		{key{kind: keyHost, text: "c"}, ""},
		{key{kind: keyPort, port: 3}, ""},
		{key{kind: keyNamePort, port: 3}, "d e"},
		{key{kind: keyNamespace, text: "shop"}, ""},
		{key{kind: keyPort, port: 4}, "f"},
		{key{kind: keyPort, port: 5}, "g"},
		{key{kind: keyNamePort, port: 4}, ""},
		{key{kind: keyNamespace, text: "team"}, ""},
		{key{kind: keyName}, "h i"},
	}
	for _, test := range tests {
		if got := strings.Join(set.names(set.index.get(test.key)), " "); got != test.want {
			t.Errorf("%+v: got rules %q, want %q", test.key, got, test.want)
		}
	}
}

// Candidates are few: what the pod does not show leads to no rule.
func TestCandidates(t *testing.T) {
	set := compileRules(t, `rules:
- {name: prefix, destinations: {ports: [1]}, workloads: {namespaces: ["shop*"]}, strategy: {bypass: Ports}}
- {name: longer, destinations: {ports: [1]}, workloads: {namespaces: ["shopping*"]}, strategy: {bypass: Ports}}
- {name: any-address, destinations: {ports: ["1-1000"]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: port, destinations: {ports: [7]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
- {name: another, destinations: {ports: [8]}, workloads: {referencing: true}, strategy: {idleTimeout: 48h}}
`)
	for value, want := range map[string]string{"": "prefix", "cache:6379": "prefix", "cache:999": "prefix any-address", "cache:7": "prefix any-address port"} {
		pod := shopPod()
		pod.Containers = envPod("VALUE", value).Containers
		f := set.facts(pod, evidence.Scan)
		if got := strings.Join(set.names(set.index.candidates(&f, nil)), " "); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}
