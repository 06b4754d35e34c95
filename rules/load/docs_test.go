package load

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/wire"
)

var allKeys = [][]wire.Key{
	fileKeys, meshKeys, ruleKeys, destinationsKeys, workloadsKeys, selectorKeys,
	requirementKeys, strategyKeys, keepaliveKeys, gatewayKeys,
}

// The reference of the format speaks of every key and every middleware.
func TestReferenceIsComplete(t *testing.T) {
	text := string(read(t, filepath.Join("..", "..", "docs", "rules.md")))
	for _, keys := range allKeys {
		for _, k := range keys {
			if !strings.Contains(text, "`"+k.Name+"`") {
				t.Errorf("docs/rules.md does not mention key `%s`", k.Name)
			}
		}
	}
	for _, m := range rules.KnownMiddleware() {
		if !strings.Contains(text, "`"+m.Name+"`") {
			t.Errorf("docs/rules.md does not mention middleware `%s`", m.Name)
		}
	}
}

// A missing key comes with what to write.
func TestRequiredKeysHaveHints(t *testing.T) {
	for _, keys := range allKeys {
		for _, k := range keys {
			if k.Required && requiredHints[k.Name] == "" {
				t.Errorf("there is no hint for the required key %s", k.Name)
			}
		}
	}
}

// Every key that the types know is read: given a value of a type that fits
// nowhere, the loader complains about that key and no other.
func TestEveryKeyIsRead(t *testing.T) {
	for _, place := range []struct {
		keys   []wire.Key
		before string // the path of the mapping
		text   string // a file with KEY where a key of the mapping belongs
	}{
		{fileKeys, "", "KEY\n"},
		{meshKeys, "mesh.", "mesh: {KEY}\n"},
		{ruleKeys, "rules[0].", "rules: [{KEY}]\n"},
		{destinationsKeys, "rules[0].destinations.", "rules: [{destinations: {KEY}}]\n"},
		{workloadsKeys, "rules[0].workloads.", "rules: [{workloads: {KEY}}]\n"},
		{selectorKeys, "rules[0].workloads.podSelector.", "rules: [{workloads: {podSelector: {KEY}}}]\n"},
		{selectorKeys, "rules[0].workloads.namespaceSelector.", "rules: [{workloads: {namespaceSelector: {KEY}}}]\n"},
		{requirementKeys, "rules[0].workloads.podSelector.matchExpressions[0].", "rules: [{workloads: {podSelector: {matchExpressions: [{KEY}]}}}]\n"},
		{strategyKeys, "rules[0].strategy.", "rules: [{strategy: {KEY}}]\n"},
		{keepaliveKeys, "rules[0].strategy.keepalive.", "rules: [{strategy: {keepalive: {KEY}}}]\n"},
		{gatewayKeys, "gateways[0].", "gateways: [{KEY}]\n"},
		{keepaliveKeys, "gateways[0].keepalive.", "gateways: [{keepalive: {KEY}}]\n"},
	} {
		for _, k := range place.keys {
			_, problems := Rules("f", []byte(strings.Replace(place.text, "KEY", k.Name+": !fits-nowhere x", 1)))
			if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Path == place.before+k.Name && p.Code == wrongType }) {
				t.Errorf("a wrong value of %s%s goes unnoticed:\n%s", place.before, k.Name, report(problems))
			}
		}
	}
}

// What the documents show as a rules file is one, without problems.
func TestExamplesLoad(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, filepath.Join("..", "..", "README.md")) {
		for _, block := range regexp.MustCompile("(?s)\n```yaml\n(.*?)\n```\n").FindAllStringSubmatch(string(read(t, file)), -1) {
			if !strings.Contains(block[1], "kind: "+rules.Kind) {
				continue
			}
			found++
			if _, problems := Rules(filepath.Base(file), []byte(block[1])); len(problems) > 0 {
				t.Errorf("%s shows\n%s\nwhich has problems:\n%s", file, block[1], report(problems))
			}
		}
	}
	if found == 0 {
		t.Error("got no rules file in the documents, want that of README.md at least")
	}
}
