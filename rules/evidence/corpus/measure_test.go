package corpus

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// workloads are the pods of a file, as the command line reads them.
func workloads(t *testing.T, file string) []manifest.Template {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := manifest.Parse(file, text)
	if err != nil {
		t.Fatal(err)
	}
	return f.Templates()
}

// everyMiddleware is a rule for each middleware, called like it.
func everyMiddleware(t *testing.T) *decide.Set {
	t.Helper()
	var text strings.Builder
	text.WriteString("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n")
	for _, m := range rules.KnownMiddleware() {
		fmt.Fprintf(&text, "- name: %s\n  destinations: {middleware: [%s]}\n  workloads: {referencing: true}\n  strategy: {idleTimeout: 24h}\n", m.Name, m.Name)
	}
	file, problems := load.Rules("rules.yaml", []byte(text.String()))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return decide.Compile(file)
}

// measured is a pod with what the rules say.
type measured struct {
	labelled
	verdicts []rules.Verdict // of every middleware, in the order of the table
}

// verdict is that of one middleware.
func (m *measured) verdict(middleware string) *rules.Verdict {
	for i := range m.verdicts {
		if m.verdicts[i].Rule == middleware {
			return &m.verdicts[i]
		}
	}
	return nil
}

// measure asks every rule about every pod.
func measure(t *testing.T) []measured {
	t.Helper()
	set := everyMiddleware(t)
	var all []measured
	for _, l := range corpus(t) {
		m := measured{labelled: l}
		_, m.verdicts = set.Explain(&m.pod, decide.Options{ClusterWide: true})
		all = append(all, m)
	}
	return all
}
