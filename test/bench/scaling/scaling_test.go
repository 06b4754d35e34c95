package main

import (
	"os"
	"testing"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/bench/scaling/growth"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Every rules file that is measured with can be loaded, and what is for a ConfigMap fits into one.
func TestRules(t *testing.T) {
	for _, l := range loadings() {
		text, err := l.text(manyRules(l.rules))
		if err != nil {
			t.Fatal(err)
		}
		if file, problems := load.Rules("rules.yaml", []byte(text)); file == nil || len(file.Rules) != l.rules {
			t.Errorf("%d rules, %s: %v", l.rules, l.form, problems)
		}
		const room = 1 << 20 // in a ConfigMap
		if l.configMap && len(text) > room {
			t.Errorf("%d rules, %s: got %d bytes, want %d at most", l.rules, l.form, len(text), room)
		}
	}
	for _, in := range inputs() {
		for _, n := range in.amounts {
			if file, problems := load.Rules("rules.yaml", []byte(in.of(n).rules)); file == nil {
				t.Errorf("%s, %d: %s", in.title, n, problems[0])
			}
		}
	}
}

// The whole measurement works, with little of everything: nothing here is about how long it took.
func TestMeasure(t *testing.T) {
	ctrllog.SetLogger(logr.Discard()) // of envtest
	dir := t.TempDir()
	holdfast, err := cluster.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	const most = 10
	run, err := measure(t.Context(), settings{requests: 1, holdfast: holdfast, dir: dir, most: most, say: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Inputs) != len(inputs()) || len(run.Loads) != 1 {
		t.Fatalf("got %d inputs and %d loads, want %d and 1", len(run.Inputs), len(run.Loads), len(inputs()))
	}
	measured := func(times ...growth.Time) bool {
		for _, at := range times {
			if at.Milliseconds <= 0 || at.Beside <= 0 {
				return false
			}
		}
		return true
	}
	for _, in := range run.Inputs {
		if len(in.Rows) == 0 {
			t.Errorf("%s: got no row", in.Title)
		}
		for _, row := range in.Rows {
			if row.N > most || !measured(row.Seen, row.New) || row.Resident.MiB() == 0 {
				t.Errorf("%s: got %+v, want all measured, of %d at most", in.Title, row, most)
			}
		}
	}
	l := run.Loads[0]
	if l.Resident <= 0 || l.Start <= 0 || l.Edit < l.Resident || l.Milliseconds <= 0 {
		t.Errorf("got %+v, want all measured", l)
	}
	if err := run.Print(os.Stderr); err != nil {
		t.Error(err)
	}
}
