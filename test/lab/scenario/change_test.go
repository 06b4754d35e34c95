package scenario

import (
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// What a pod has drawn is what its clients must see, and stays within what its rule says.
func TestDrawn(t *testing.T) {
	for annotation, want := range map[string]time.Duration{
		"drainDuration: \"10s\"\n": 10 * time.Second,
		"drainDuration: \"30s\"\n": 30 * time.Second,
		"drainDuration: \"31s\"\n": 0,
		"drainDuration: \"9s\"\n":  0,
		"proxyMetadata: {}\n":      0,
	} {
		s := jitterScenarios()[0]
		if err := s.Drawn(annotation); (err == nil) != (want > 0) {
			t.Errorf("%q: got error %v, want one: %t", annotation, err, want == 0)
			continue
		}
		if want == 0 {
			continue
		}
		cut := report.Client{Changed: 6, Reached: 6, Connections: []report.Connection{
			{To: 6 + want.Seconds() + 0.2, End: report.Closed, Cause: report.ByChange},
		}}
		if problem := s.Clients[0].Want.Check(&cut); s.Drain != want || problem != "" {
			t.Errorf("%q: got drain duration %s and problem %q, want %s and none", annotation, s.Drain, problem, want)
		}
	}
	// The table itself is as it was.
	if s := jitterScenarios()[0]; s.Drain != jitteredDrainDuration {
		t.Errorf("got drain duration %s in the table, want %s", s.Drain, jitteredDrainDuration)
	}
}

// Pods that have drawn the same are no spread; one pod alone is not asked.
func TestSpread(t *testing.T) {
	pods := func(drains ...time.Duration) (list []Scenario) {
		for _, d := range drains {
			list = append(list, Scenario{Drain: d * time.Second, Jitter: jitter})
		}
		return append(list, Scenario{Drain: time.Hour})
	}
	for _, test := range []struct {
		pods []Scenario
		good bool
	}{
		{pods(12, 29, 20), true}, {pods(20, 20, 21), false}, {pods(20, 22), true}, {pods(20), true}, {pods(), true},
	} {
		if problem := Spread(test.pods); (problem == "") != test.good {
			t.Errorf("got problem %q, want none: %t", problem, test.good)
		}
	}
}
