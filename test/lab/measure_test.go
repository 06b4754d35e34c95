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
		stopped    float64
		scenario   scenario.Scenario
		want       string
	}{
		"alive":                                    {report.Connection{End: report.Open, Quiet: 10}, 0, 0, scenario.Scenario{}, ""},
		"idle timer":                               {report.Connection{End: report.Closed, Quiet: 10.2, To: 22}, 0, 0, scenario.Scenario{}, report.ByIdleTimer},
		"idle timer before the drain":              {report.Connection{End: report.Closed, Quiet: 10, To: 12}, 6, 0, scenario.Scenario{Change: scenario.AccessLogs}, report.ByIdleTimer},
		"drain":                                    {report.Connection{End: report.Closed, Quiet: 1, To: 51.8}, 6, 0, scenario.Scenario{Change: scenario.AccessLogs}, report.ByChange},
		"drain of a change that came late":         {report.Connection{End: report.Closed, Quiet: 1, To: 54.8}, 6, 0, scenario.Scenario{Change: scenario.AccessLogs}, report.ByChange},
		"too late for the drain":                   {report.Connection{End: report.Closed, Quiet: 1, To: 57}, 6, 0, scenario.Scenario{Change: scenario.AccessLogs}, report.Unknown},
		"too early for the drain":                  {report.Connection{End: report.Closed, Quiet: 1, To: 40}, 6, 0, scenario.Scenario{Change: scenario.AccessLogs}, report.Unknown},
		"drain of a waypoint":                      {report.Connection{End: report.Closed, Quiet: 1, To: 40}, 6, 0, scenario.Scenario{Waypoint: true, Change: scenario.AccessLogs}, report.ByChange},
		"too early for that too":                   {report.Connection{End: report.Closed, Quiet: 1, To: 35}, 6, 0, scenario.Scenario{Waypoint: true, Change: scenario.AccessLogs}, report.Unknown},
		"drain without a change":                   {report.Connection{End: report.Closed, Quiet: 1, To: 51.8}, 0, 0, scenario.Scenario{}, report.Unknown},
		"middlebox":                                {report.Connection{End: report.Silent, Quiet: 30}, 0, 0, scenario.Scenario{Forgets: 15 * time.Second}, report.ByMiddlebox},
		"silence without a middlebox":              {report.Connection{End: report.Silent, Quiet: 30}, 0, 0, scenario.Scenario{}, report.Unknown},
		"dead, by a request":                       {report.Connection{End: report.Silent, Quiet: 30}, 0, 0, scenario.Scenario{Dies: true}, report.ByDeath},
		"dead, by probes":                          {report.Connection{End: report.TimedOut, Quiet: 25}, 0, 0, scenario.Scenario{Dies: true}, report.ByDeath},
		"dead, by the sidecar's probes":            {report.Connection{End: report.Closed, Quiet: 24, To: 24}, 0, 0, scenario.Scenario{Dies: true}, report.ByDeath},
		"dead, by the idle timer":                  {report.Connection{End: report.Closed, Quiet: 10, To: 10}, 0, 0, scenario.Scenario{Dies: true}, report.ByIdleTimer},
		"another idle timer":                       {report.Connection{End: report.Closed, Quiet: 7, To: 7}, 0, 0, scenario.Scenario{Idle: 7 * time.Second}, report.ByIdleTimer},
		"another drain":                            {report.Connection{End: report.Closed, Quiet: 1, To: 16.2}, 6, 0, scenario.Scenario{Drain: 10 * time.Second}, report.ByChange},
		"end of the pod":                           {report.Connection{End: report.Closed, Quiet: 1, To: 11.1}, 0, 6, scenario.Scenario{Stops: true}, report.ByStop},
		"end of the pod, after just the idle time": {report.Connection{End: report.Closed, Quiet: 10, To: 11.1}, 0, 6, scenario.Scenario{Stops: true}, report.ByStop},
		"end of the pod, on a busy machine":        {report.Connection{End: report.Reset, Quiet: 1, To: 13.5}, 0, 6, scenario.Scenario{Stops: true}, report.ByStop},
		"end of its server":                        {report.Connection{End: report.Closed, Quiet: 1, To: 10.1}, 0, 6, scenario.Scenario{Stops: true, Serves: 4 * time.Second}, report.ByServer},
		"before the end of the pod":                {report.Connection{End: report.Closed, Quiet: 1, To: 9}, 0, 6, scenario.Scenario{Stops: true}, report.Unknown},
		"reset":                                    {report.Connection{End: report.Reset, Quiet: 3}, 0, 0, scenario.Scenario{}, report.Unknown},
	}
	for name, test := range tests {
		r := &running{Scenario: test.scenario, report: report.Scenario{Termination: 5}}
		if got := cause(test.connection, &report.Client{Stopped: test.stopped, Changed: test.changed, Reached: test.changed + 2}, r); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestHundredths(t *testing.T) {
	if got := hundredths(10*time.Second + 14900*time.Microsecond); got != 10.01 {
		t.Errorf("got %v, want 10.01", got)
	}
}
