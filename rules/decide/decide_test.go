package decide

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/test/rulesfile"
)

// compileRules compiles rules given as YAML below "rules:".
func compileRules(t testing.TB, text string) *Set {
	t.Helper()
	return Compile(rulesfile.Of(t, text))
}

// shopPod is a pod that holdfast considers, with annotations in pairs.
func shopPod(annotations ...string) *rules.Pod {
	pod := &rules.Pod{
		Name:        "cart-",
		Namespace:   rules.Namespace{Name: "shop", Known: true, Labels: map[string]string{rules.EnabledKey: "true", istio.InjectionLabel: "enabled"}},
		Labels:      map[string]string{"app": "cart"},
		Annotations: map[string]string{},
	}
	for i := 0; i+1 < len(annotations); i += 2 {
		pod.Annotations[annotations[i]] = annotations[i+1]
	}
	return pod
}

// envPod has one container with variables in pairs.
func envPod(pairs ...string) *rules.Pod {
	c := rules.Container{Name: "app"}
	for i := 0; i+1 < len(pairs); i += 2 {
		c.Env = append(c.Env, rules.EnvVar{Name: pairs[i], Value: pairs[i+1]})
	}
	return &rules.Pod{Containers: []rules.Container{c}}
}

const bypassMySQL = `rules:
- name: mysql
  destinations: {ports: [3306]}
  strategy: {bypass: Ports}
`

func TestReasons(t *testing.T) {
	observe := strings.Replace(bypassMySQL, "rules:", "mode: Observe\nrules:", 1)
	tests := []struct {
		rule    string
		rules   string // empty: no Set
		options Options
		pod     func(*rules.Pod)
		want    rules.Reason
		detail  string // part of it
	}{
		{"a rule that matches patches", bypassMySQL, Options{}, func(p *rules.Pod) {}, rules.Patched, "mysql in force"},
		{"no rules are loaded", "", Options{}, func(p *rules.Pod) {}, rules.RulesUnavailable, "no rules"},
		{"rules that do not match", strings.Replace(bypassMySQL, "strategy", "workloads: {namespaces: [other]}\n  strategy", 1), Options{}, func(p *rules.Pod) {}, rules.NoRuleMatched, "none of 1"},
		{"all matching rules observe", observe, Options{}, func(p *rules.Pod) {}, rules.Observed, "mysql only observes"},
		{"a mirror pod comes before all else", "", Options{}, func(p *rules.Pod) {
			p.Annotations[rules.MirrorPodAnnotation] = "x"
			p.Labels[rules.EnabledKey] = "false"
		}, rules.MirrorPod, "static pod"},
		{"a pod opts out by label", "", Options{}, func(p *rules.Pod) { p.Labels[rules.EnabledKey] = "false" }, rules.OptedOut, "pod label"},
		{"a pod opts out by annotation", bypassMySQL, Options{}, func(p *rules.Pod) { p.Annotations[rules.EnabledKey] = "false" }, rules.OptedOut, "pod annotation"},
		{"a namespace opts out", bypassMySQL, Options{ClusterWide: true}, func(p *rules.Pod) { p.Namespace.Labels[rules.EnabledKey] = "false" }, rules.OptedOut, "namespace label"},
		{"a namespace must opt in", bypassMySQL, Options{}, func(p *rules.Pod) { delete(p.Namespace.Labels, rules.EnabledKey) }, rules.NamespaceNotOptedIn, "shop"},
		{"only true opts in", bypassMySQL, Options{}, func(p *rules.Pod) { p.Namespace.Labels[rules.EnabledKey] = "yes" }, rules.NamespaceNotOptedIn, "shop"},
		{"a pod cannot opt in for its namespace", bypassMySQL, Options{}, func(p *rules.Pod) {
			delete(p.Namespace.Labels, rules.EnabledKey)
			p.Labels[rules.EnabledKey] = "true"
		}, rules.NamespaceNotOptedIn, "shop"},
		{"cluster-wide needs no label", bypassMySQL, Options{ClusterWide: true}, func(p *rules.Pod) { delete(p.Namespace.Labels, rules.EnabledKey) }, rules.Patched, ""},
		{"an unknown namespace counts as opted in", bypassMySQL, Options{}, func(p *rules.Pod) { p.Namespace = rules.Namespace{Name: "shop"} }, rules.Patched, ""},
		{"no sidecar, no use", bypassMySQL, Options{}, func(p *rules.Pod) { p.HostNetwork = true }, rules.NoSidecar, "host"},
		{"no sidecar comes before missing rules", "", Options{}, func(p *rules.Pod) { p.HostNetwork = true }, rules.NoSidecar, "host"},
		{"injection that no label asks for is a remark", bypassMySQL, Options{}, func(p *rules.Pod) { delete(p.Namespace.Labels, istio.InjectionLabel) }, rules.Patched, "no label asks Istio"},
		{"already injected is patched all the same", bypassMySQL, Options{}, func(p *rules.Pod) { p.Annotations[istio.StatusAnnotation] = "{}" }, rules.AlreadyInjected, "mysql in force"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			var set *Set
			if test.rules != "" {
				set = compileRules(t, test.rules)
			}
			pod := shopPod()
			test.pod(pod)
			o := set.Decide(pod, test.options)
			if o.Reason != test.want || !strings.Contains(o.Detail, test.detail) {
				t.Errorf("got %s (%s), want %s (%s)", o.Reason, o.Detail, test.want, test.detail)
			}
			patches := o.Reason == rules.Patched || o.Reason == rules.AlreadyInjected
			if got := len(o.Set) > 0; got != patches {
				t.Errorf("%s: got edits %v, want them only if something is patched", o.Reason, o.Set)
			}
			explained, _ := set.Explain(pod, test.options)
			if diff := cmp.Diff(o, explained); diff != "" {
				t.Errorf("Explain differs from Decide:\n%s", diff)
			}
		})
	}
}

// A pod that comes back after Istio has injected it gets the same outcome,
// without edits and without a warning about the order: what the injector adds
// makes no rule match and changes no hash.
func TestReinvocation(t *testing.T) {
	text := bypassMySQL + `- name: range
  destinations: {cidrs: [10.20.0.0/16]}
  workloads: {podSelector: {matchLabels: {app: ranges}}}
  strategy: {bypass: CIDRs}
- name: control-plane
  destinations: {ports: [15012]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
`
	set := compileRules(t, text)
	for _, app := range []string{"cart", "ranges"} {
		pod := shopPod()
		pod.Labels["app"] = app
		pod.Mesh = &rules.MeshDefaults{ExcludeOutboundPorts: []uint16{5432}, ExcludeOutboundIPRanges: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
		first := set.Decide(pod, Options{})
		apply(pod, first)
		// With istio-cni the injector writes down what the pod is to exclude.
		for key, value := range map[string]string{
			istio.StatusAnnotation:                  `{"initContainers":["istio-validation"],"containers":["istio-proxy"]}`,
			istio.ExcludeOutboundIPRangesAnnotation: "192.0.2.0/24",
			istio.ExcludeOutboundPortsAnnotation:    "5432",
		} {
			if _, ok := pod.Annotations[key]; !ok {
				pod.Annotations[key] = value
			}
		}
		pod.Containers = append(pod.Containers, rules.Container{Name: "istio-proxy", Env: []rules.EnvVar{{Name: "CA_ADDR", Value: "istiod.istio-system.svc:15012"}}})
		again := set.Decide(pod, Options{})
		if again.Reason != rules.AlreadyApplied || again.Hash != first.Hash || !slices.Equal(again.Rules, first.Rules) || len(again.Warnings)+len(again.Set)+len(again.Remove) > 0 {
			t.Errorf("%s: got %+v, want AlreadyApplied with the hash and rules of %+v, no edits and no warnings", app, again, first)
		}
	}
	// Nothing matched, and nothing does.
	only := compileRules(t, "rules:\n"+text[strings.Index(text, "- name: control-plane"):])
	pod := shopPod(istio.StatusAnnotation, "{}")
	pod.Containers = []rules.Container{{Name: "istio-proxy", Env: []rules.EnvVar{{Name: "CA_ADDR", Value: "istiod.istio-system.svc:15012"}}}}
	if o := only.Decide(pod, Options{}); o.Reason != rules.NoRuleMatched {
		t.Errorf("got %s, want NoRuleMatched: the address is Istio's", o.Reason)
	}
}

func TestReasonsAreComplete(t *testing.T) {
	if got := rules.Reasons(); len(got) != 14 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 14 {
		t.Errorf("got %v, want each of the 14 reasons once", got)
	}
}

func TestVerdicts(t *testing.T) {
	set := compileRules(t, `rules:
- name: everybody
  destinations: {ports: [1]}
  strategy: {bypass: Ports}
- name: by-namespace
  destinations: {ports: [1]}
  workloads: {namespaces: [other, "team-*"]}
  strategy: {bypass: Ports}
- name: by-label
  destinations: {ports: [1]}
  workloads: {podSelector: {matchLabels: {app: order}}}
  strategy: {bypass: Ports}
- name: by-namespace-label
  destinations: {ports: [1]}
  workloads: {namespaceSelector: {matchExpressions: [{key: tier, operator: Exists}]}}
  strategy: {bypass: Ports}
- name: by-reference
  destinations: {ports: [6379], cidrs: [10.20.0.0/16]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
- name: not-referenced
  destinations: {ports: [3306]}
  workloads: {referencing: true}
  strategy: {idleTimeout: 48h}
`)
	pod := shopPod()
	pod.Containers = []rules.Container{{Name: "cart", Env: []rules.EnvVar{{Name: "REDIS_URL", Value: "redis://:s3cret@cache"}}}}
	_, got := set.Explain(pod, Options{})
	want := []rules.Verdict{
		{Rule: "everybody", Mode: rules.Enforce, Matched: true, Reason: rules.VerdictMatched, Detail: "the rule is for every pod"},
		{Rule: "by-namespace", Mode: rules.Enforce, Reason: rules.VerdictNamespaceMismatch, Detail: `namespace is "shop", want other or team-*`},
		{Rule: "by-label", Mode: rules.Enforce, Reason: rules.VerdictPodSelectorMismatch, Detail: `pod label app is "cart", want "order"`},
		{Rule: "by-namespace-label", Mode: rules.Enforce, Reason: rules.VerdictNamespaceSelectorMismatch, Detail: "namespace label tier is missing, want any value"},
		{
			Rule: "by-reference", Mode: rules.Enforce, Matched: true, Reason: rules.VerdictMatched,
			Detail:   "the pod uses a destination: cache:6379 in container cart, env REDIS_URL (a name; the rule has only CIDRs, so it counts)",
			Evidence: []rules.Evidence{{Where: "container cart, env REDIS_URL", Address: "cache:6379", Kind: "redis", Form: "url", Unresolved: true}},
		},
		{
			Rule: "not-referenced", Mode: rules.Enforce, Reason: rules.VerdictNotReferenced,
			Detail: "the one address that the pod shows is no destination of the rule",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// With a skip, readers still see what the rules would have said.
	pod.Labels[rules.EnabledKey] = "false"
	o, skipped := set.Explain(pod, Options{})
	if o.Reason != rules.OptedOut || len(skipped) != len(want) || !skipped[0].Matched {
		t.Errorf("got %s and %+v, want OptedOut with all verdicts", o.Reason, skipped)
	}
}

// Equal policies have equal hashes, whatever the text looks like; a difference
// that decides anything makes another hash.
func TestSetHash(t *testing.T) {
	base := compileRules(t, bypassMySQL)
	same := compileRules(t, "# comment\nrules:\n  - strategy:\n      bypass: Ports\n    destinations:\n      ports:\n      - 3306\n    name: mysql\n    description: words\n")
	if base.Hash() != same.Hash() {
		t.Errorf("got %s and %s for one policy, want one hash", base.Hash(), same.Hash())
	}
	for _, other := range []string{
		strings.Replace(bypassMySQL, "3306", "3307", 1),
		strings.Replace(bypassMySQL, "mysql", "mariadb", 1),
		strings.Replace(bypassMySQL, "rules:", "mode: Observe\nrules:", 1),
		strings.Replace(bypassMySQL, "rules:", "mesh: {excludeOutboundPorts: [1]}\nrules:", 1),
		strings.Replace(bypassMySQL, "strategy", "workloads: {referencing: true}\n  strategy", 1),
	} {
		if compileRules(t, other).Hash() == base.Hash() {
			t.Errorf("got one hash for two policies, the other:\n%s", other)
		}
	}
}

// Mesh defaults come from the pod's own mesh if it is known, else from the file.
func TestMeshDefaults(t *testing.T) {
	set := compileRules(t, "mesh: {excludeOutboundPorts: [5432, 25], excludeOutboundIPRanges: [192.168.0.0/16]}\n"+bypassMySQL+`- name: net
  destinations: {cidrs: [10.20.0.0/16]}
  strategy: {bypass: CIDRs}
`)
	values := func(o rules.Outcome) string {
		var texts []string
		for _, a := range o.Set {
			if strings.HasPrefix(a.Key, "traffic.") {
				texts = append(texts, a.Value)
			}
		}
		return strings.Join(texts, " ")
	}
	pod := shopPod()
	if got, want := values(set.Decide(pod, Options{})), "192.168.0.0/16,10.20.0.0/16 5432,25,3306"; got != want {
		t.Errorf("got %q, want %q: the file's defaults first, in their order", got, want)
	}
	pod.Mesh = &rules.MeshDefaults{ExcludeOutboundPorts: []uint16{3306}, ExcludeOutboundIPRanges: []netip.Prefix{netip.MustParsePrefix("172.16.0.0/12")}}
	if got, want := values(set.Decide(pod, Options{})), "172.16.0.0/12,10.20.0.0/16"; got != want {
		t.Errorf("got %q, want %q: the mesh excludes 3306 already", got, want)
	}
}
