package main

import (
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// The cause is told by what was measured alone, never by what the scenario expects.
func TestCause(t *testing.T) {
	tests := map[string]struct {
		connection report.Connection
		changed    float64
		scenario   scenario
		want       string
	}{
		"alive":                       {report.Connection{End: report.Open, Quiet: 10}, 0, scenario{}, ""},
		"idle timer":                  {report.Connection{End: report.Closed, Quiet: 10.2, To: 22}, 0, scenario{}, report.ByIdleTimer},
		"idle timer before the drain": {report.Connection{End: report.Closed, Quiet: 10, To: 12}, 6, scenario{changes: true}, report.ByIdleTimer},
		"drain":                       {report.Connection{End: report.Closed, Quiet: 1, To: 51.8}, 6, scenario{changes: true}, report.ByChange},
		"too early for the drain":     {report.Connection{End: report.Closed, Quiet: 1, To: 40}, 6, scenario{changes: true}, report.Unknown},
		"drain without a change":      {report.Connection{End: report.Closed, Quiet: 1, To: 51.8}, 0, scenario{}, report.Unknown},
		"middlebox":                   {report.Connection{End: report.Silent, Quiet: 30}, 0, scenario{forgets: forgets}, report.ByMiddlebox},
		"silence without a middlebox": {report.Connection{End: report.Silent, Quiet: 30}, 0, scenario{}, report.Unknown},
		"dead, by a request":          {report.Connection{End: report.Silent, Quiet: 30}, 0, scenario{dies: true}, report.ByDeath},
		"dead, by probes":             {report.Connection{End: report.TimedOut, Quiet: 25}, 0, scenario{dies: true}, report.ByDeath},
		"reset":                       {report.Connection{End: report.Reset, Quiet: 3}, 0, scenario{}, report.Unknown},
	}
	for name, test := range tests {
		if got := cause(test.connection, test.changed, &running{scenario: test.scenario}); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// Envoy's text format, of which only the named counters are kept.
func TestCounters(t *testing.T) {
	text := "listener_manager.lds.update_success: 2\ntcp.PassthroughCluster.idle_timeout: 1\nserver.live: 1\ncluster.x.upstream_cx_length_ms: P0(1,1)\n"
	got := parseCounters(text)
	if len(got) != 2 || got["listener_manager.lds.update_success"] != 2 || got["tcp.PassthroughCluster.idle_timeout"] != 1 {
		t.Errorf("got %v, want the two named counters", got)
	}
	// A gauge that is back at its start is kept for what it was in between.
	const draining = "listener_manager.total_filter_chains_draining"
	changes := moved(map[string]int64{draining: 0, "same": 3}, map[string]int64{draining: 9, "same": 3}, map[string]int64{draining: 0, "same": 3})
	if want := (report.Counter{During: 9}); len(changes) != 1 || changes[draining] != want {
		t.Errorf("got %v, want only %s: %v", changes, draining, want)
	}
}

func TestHundredths(t *testing.T) {
	if got := hundredths(10*time.Second + 14900*time.Microsecond); got != 10.01 {
		t.Errorf("got %v, want 10.01", got)
	}
}
