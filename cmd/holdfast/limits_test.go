package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// manyNetworks is a rules file whose rules bypass so many networks each.
func manyNetworks(t *testing.T, counts ...int) string {
	t.Helper()
	text := "apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n"
	for rule, count := range counts {
		text += fmt.Sprintf("- name: n%d\n  strategy: {bypass: CIDRs}\n  destinations:\n    cidrs:\n", rule)
		for i := range count {
			text += fmt.Sprintf("    - 1%d.%d.%d.0/24\n", rule, 100+i>>8, i&0xff)
		}
	}
	return write(t, "rules.yaml", text)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What is too long for one rule is an error of the file; what is too long for a
// pod, by several rules or with what the manifest holds, leaves that pod as it is.
func TestSizeLimits(t *testing.T) {
	if out, _, code := runCLI(t, "check", manyNetworks(t, 7900)); code != 1 || !strings.Contains(out, "TooManyCIDRs") || !strings.Contains(out, ":8:") {
		t.Errorf("check: got exit %d and %.300q, want 1 and TooManyCIDRs at line 8", code, out)
	}
	pod := "kind: Pod\nmetadata: {name: cart, namespace: shop, labels: {sidecar.istio.io/inject: \"true\"}}\nspec: {containers: [{name: cart, env: [{name: LONG, value: \"LENGTH\"}]}]}\n"
	for _, test := range []struct {
		rules  string
		length int
		want   string
	}{
		{manyNetworks(t, 4000, 4000), 0, "excludeOutboundIPRanges has"},
		{manyNetworks(t, 4000), 1_400_000, "the pod has"},
		{manyNetworks(t, 4000), 1_200_000, ""},
	} {
		text := strings.Replace(pod, "LENGTH", strings.Repeat("x", test.length), 1)
		file := write(t, "pod.yaml", text)
		patched, _, code := runCLI(t, "patch", "-f", test.rules, file)
		if unchanged := patched == text; code != 0 || unchanged != (test.want != "") {
			t.Errorf("patch with %d bytes: got exit %d, unchanged %t; want 0, %t", test.length, code, unchanged, test.want != "")
		}
		explained, _, _ := runCLI(t, "explain", "-f", test.rules, file)
		if tooLarge := strings.Contains(explained, "TooLarge"); tooLarge != (test.want != "") || !strings.Contains(explained, test.want) {
			t.Errorf("explain with %d bytes: got TooLarge %t, want %t with %q", test.length, tooLarge, test.want != "", test.want)
		}
	}
}
