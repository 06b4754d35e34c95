package main

import (
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// The cause is told by what was measured alone, never by what the scenario expects.
func TestCause(t *testing.T) {
	tests := map[string]struct {
		connection report.Connection
		changed    float64
		scenario   scenario.Scenario
		want       string
	}{
		"alive":                         {report.Connection{End: report.Open, Quiet: 10}, 0, scenario.Scenario{}, ""},
		"idle timer":                    {report.Connection{End: report.Closed, Quiet: 10.2, To: 22}, 0, scenario.Scenario{}, report.ByIdleTimer},
		"idle timer before the drain":   {report.Connection{End: report.Closed, Quiet: 10, To: 12}, 6, scenario.Scenario{Change: scenario.AccessLogs}, report.ByIdleTimer},
		"drain":                         {report.Connection{End: report.Closed, Quiet: 1, To: 51.8}, 6, scenario.Scenario{Change: scenario.AccessLogs}, report.ByChange},
		"too early for the drain":       {report.Connection{End: report.Closed, Quiet: 1, To: 40}, 6, scenario.Scenario{Change: scenario.AccessLogs}, report.Unknown},
		"drain without a change":        {report.Connection{End: report.Closed, Quiet: 1, To: 51.8}, 0, scenario.Scenario{}, report.Unknown},
		"middlebox":                     {report.Connection{End: report.Silent, Quiet: 30}, 0, scenario.Scenario{Forgets: 15 * time.Second}, report.ByMiddlebox},
		"silence without a middlebox":   {report.Connection{End: report.Silent, Quiet: 30}, 0, scenario.Scenario{}, report.Unknown},
		"dead, by a request":            {report.Connection{End: report.Silent, Quiet: 30}, 0, scenario.Scenario{Dies: true}, report.ByDeath},
		"dead, by probes":               {report.Connection{End: report.TimedOut, Quiet: 25}, 0, scenario.Scenario{Dies: true}, report.ByDeath},
		"dead, by the sidecar's probes": {report.Connection{End: report.Closed, Quiet: 24, To: 24}, 0, scenario.Scenario{Dies: true}, report.ByDeath},
		"dead, by the idle timer":       {report.Connection{End: report.Closed, Quiet: 10, To: 10}, 0, scenario.Scenario{Dies: true}, report.ByIdleTimer},
		"another idle timer":            {report.Connection{End: report.Closed, Quiet: 7, To: 7}, 0, scenario.Scenario{Idle: 7 * time.Second}, report.ByIdleTimer},
		"another drain":                 {report.Connection{End: report.Closed, Quiet: 1, To: 16.2}, 6, scenario.Scenario{Drain: 10 * time.Second}, report.ByChange},
		"reset":                         {report.Connection{End: report.Reset, Quiet: 3}, 0, scenario.Scenario{}, report.Unknown},
	}
	for name, test := range tests {
		if got := cause(test.connection, test.changed, &running{Scenario: test.scenario}); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestHundredths(t *testing.T) {
	if got := hundredths(10*time.Second + 14900*time.Microsecond); got != 10.01 {
		t.Errorf("got %v, want 10.01", got)
	}
}
