package corpus

import (
	"os"
	"slices"
	"testing"

	"github.com/holdfast-mesh/holdfast/manifest"
	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/decide"
	"github.com/holdfast-mesh/holdfast/rules/evidence/configmaps"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

// workloads are the pods of a file, as the command line reads them: the ConfigMaps of a
// file are those of its pods.
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
	known := known{}
	for _, c := range f.ConfigMaps() {
		known[c.Name] = configmaps.Reduce(c.Data)
	}
	list := f.Templates()
	for i := range list {
		if len(known) > 0 {
			list[i].Pod.ConfigMaps = known
		}
	}
	return list
}

// known are ConfigMaps by name.
type known map[string]*rules.ConfigMap

func (k known) ConfigMap(name string) *rules.ConfigMap { return k[name] }

// everyMiddleware is a rule for each middleware, called like it.
func everyMiddleware(t *testing.T) *decide.Set {
	t.Helper()
	text, err := os.ReadFile("rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, problems := load.Rules("rules.yaml", text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got, want []string
	for i := range file.Rules {
		got = append(got, file.Rules[i].Name)
	}
	for _, m := range rules.KnownMiddleware() {
		want = append(want, m.Name)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got rules %q, want one for each of %q", got, want)
	}
	return decide.Compile(file)
}

// measured is a pod with what the rules say.
type measured struct {
	labelled
	verdicts []rules.Verdict // of every middleware, in the order of the table
	shown    decide.Shown
}

// verdict is that of one middleware.
func (m *measured) verdict(middleware string) *rules.Verdict {
	i := slices.IndexFunc(m.verdicts, func(v rules.Verdict) bool { return v.Rule == middleware })
	return &m.verdicts[i]
}

// measure asks every rule about every pod.
func measure(t *testing.T) []measured {
	t.Helper()
	set := everyMiddleware(t)
	var all []measured
	for _, l := range corpus(t) {
		m := measured{labelled: l}
		_, m.verdicts = set.Explain(&m.pod, decide.Options{ClusterWide: true})
		m.shown = set.Shows(&m.pod)
		all = append(all, m)
	}
	return all
}
