package main

import (
	"strings"
	"testing"
)

// The API server gives every namespace a label with its name, so a selector of
// that label matches wherever the labels of a namespace are known.
func TestNamespaceNameLabel(t *testing.T) {
	write := writerIn(t, t.TempDir())
	rules := write("rules.yaml", strings.ReplaceAll(smallRules, "  strategy",
		"  workloads: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}\n  strategy"))
	const (
		pod       = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {containers: [{name: c}]}\n"
		namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {holdfast.dev/enabled: \"true\"}}\n"
	)
	for rule, args := range map[string][]string{
		"labels from the flag":  {"--namespace-labels=holdfast.dev/enabled=true", write("pod.yaml", pod)},
		"labels from an object": {write("both.yaml", pod+"---\n"+namespace)},
		"the object first":      {write("first.yaml", namespace+"---\n"+pod)},
	} {
		t.Run(rule, func(t *testing.T) {
			stdout, stderr, code := runCLI(t, append([]string{"explain", "-f", rules}, args...)...)
			if code != 0 || !strings.Contains(stdout, "+ redis: Matched") {
				t.Errorf("got exit code %d, %s%s, want the rule to match", code, stdout, stderr)
			}
		})
	}
}
