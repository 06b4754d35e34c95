package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/soak"
	"github.com/holdfast-mesh/holdfast/test/bench/stage"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/cluster"
)

var shared *stage.Stage

func TestMain(m *testing.M) {
	cluster.Main(m, "bench", func(dir string, after func(func() error)) error {
		holdfast, err := cluster.Build(dir)
		if err != nil {
			return err
		}
		// It has seen that the pods of every variant get holdfast's annotations, or none.
		shared, err = stage.Start(context.Background(), holdfast, dir, variant.All())
		after(shared.Stop)
		return err
	})
}

// The whole measurement works, with few requests: nothing here is about how long they took.
func TestMeasure(t *testing.T) {
	result, err := measure(t.Context(), shared, 1, 2, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Variants) != len(variant.All()) {
		t.Errorf("got %d variants, want %d", len(result.Variants), len(variant.All()))
	}
	for i, of := range variant.All() {
		v := result.Variants[i]
		if has := v.Resident != nil && v.Resident.Own > 0 && v.Resident.File > 0; has != of.Webhook() {
			t.Errorf("%s: got a server of %v, want one %v", v.Name, v.Resident, of.Webhook())
		}
		for size, m := range v.Sizes {
			if m.Created.P50 <= 0 || len(m.Crowd.Rates) == 0 || (m.Crowd.CPU > 0) != of.Webhook() || (m.Created.Own > 0) != of.Measures() || (m.Direct != nil) != of.Webhook() || m.Direct != nil && (m.Direct.P50 <= 0 || (m.Direct.Own > 0) != of.Measures()) {
				t.Errorf("%s, %s pods: got %+v, want all measured", v.Name, pods.Sizes[size], m)
			}
		}
	}
	if _, err := result.Files(); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	if err := result.Print(&out); err != nil || !strings.Contains(out.String(), "added p50, 10 rules, to the limit, small: target at most 1.15") {
		t.Errorf("got %v and %s, want the targets", err, &out)
	}
}

// An answer that is not the variant's is an error, and so is none, although the API server
// creates the pod then.
func TestWrongAnswers(t *testing.T) {
	list := variant.Some(variant.Bare, variant.NoOp)
	noop := list[1]
	for _, v := range list {
		v.Patches = !v.Patches
		create, err := shared.Create(&v, pods.Small)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := create(ctx); return err },
			func(ctx context.Context) error { _, err := shared.Direct(&v, pods.Small)(ctx); return err },
		} {
			if err := call(t.Context()); err == nil || !strings.Contains(err.Error(), v.Name) {
				t.Errorf("%s: got error %v about an answer that it should not give, want one", v.Name, err)
			}
		}
	}
	if err := shared.AllAnswered(t.Context()); err != nil {
		t.Errorf("got %v while all answer, want no error", err)
	}
	if err := shared.StopServer(noop.Name); err != nil {
		t.Fatal(err)
	}
	create, err := shared.Create(&noop, pods.Small)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := create(t.Context()); err != nil {
		t.Errorf("got %v of the API server without the webhook, want the pod", err)
	}
	if err := shared.AllAnswered(t.Context()); err == nil || !strings.Contains(err.Error(), noop.Name+": 1 reviews") {
		t.Errorf("got %v after the server stopped, want it named", err)
	}
	if err := shared.Check(t.Context()); err == nil || !strings.Contains(err.Error(), noop.Name+": the API server got 0 answers, want 3") {
		t.Errorf("got %v after the server stopped, want it named", err)
	}
}

// A soak works, in short: what becomes of memory and times then is not looked at.
func TestSoak(t *testing.T) {
	const admissions = 1_000
	results, err := soak.Run(t.Context(), shared, soak.Variants(), admissions, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		looked := len(r.Fifths) > 0 && r.Fifths[0].Resident.MiB() > 0 && r.Fifths[0].Goroutines > 0
		if r.Asked != admissions || r.Slowest <= 0 || r.Times.P50 <= 0 || looked != (r.Rules > 0) {
			t.Errorf("%s: asked %d times, slowest %s, looks %v; want %d, all with a time, and looks at a holdfast only", r.Title, r.Asked, r.Slowest, r.Fifths, admissions)
		}
	}
	if list := soak.Verdicts(results); len(list) != 8 {
		t.Errorf("got %d verdicts, want 4 of each holdfast: %v", len(list), list)
	}
}
