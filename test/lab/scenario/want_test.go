package scenario

import (
	"slices"
	"testing"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// Every expectation accepts what it is named for, and nothing that happens to other pods.
func TestWants(t *testing.T) {
	one := func(c report.Connection, requests ...report.Request) report.Client {
		return report.Client{Connections: []report.Connection{c}, Requests: requests, Changed: 6, Reached: 7, Died: 6}
	}
	stopped := func(c report.Connection) report.Client {
		return report.Client{Connections: []report.Connection{c}, Requests: []report.Request{{}}, Stopped: 6}
	}
	happened := map[string]report.Client{
		"alive":               one(report.Connection{To: 65, End: report.Open}, report.Request{}, report.Request{}),
		"idle":                one(report.Connection{To: 13, Quiet: 10.1, End: report.Closed, Cause: report.ByIdleTimer}, report.Request{}),
		"changed":             one(report.Connection{To: 51.8, Quiet: 1, End: report.Closed, Cause: report.ByChange}, report.Request{}),
		"changed late":        one(report.Connection{To: 57, Quiet: 1, End: report.Closed, Cause: report.ByChange}, report.Request{}),
		"changed in a tunnel": one(report.Connection{To: 42.5, Quiet: 1, End: report.Closed, Cause: report.ByChange}, report.Request{}),
		"changed too early":   one(report.Connection{To: 35, Quiet: 1, End: report.Closed, Cause: report.ByChange}, report.Request{}),
		"closed too early":    one(report.Connection{To: 6, Quiet: 6, End: report.Closed, Cause: report.ByIdleTimer}, report.Request{}),
		// The proxy had the change a second after the API server.
		"changed when it could": one(report.Connection{To: 54.5, Quiet: 1, End: report.Closed, Cause: report.ByChange}, report.Request{}),
		"forgot":                one(report.Connection{To: 30, End: report.Silent, Cause: report.ByMiddlebox}, report.Request{}, report.Request{Error: "i/o timeout"}),
		"dead":                  one(report.Connection{To: 42, End: report.Silent, Cause: report.ByDeath}, report.Request{}, report.Request{Error: "i/o timeout"}),
		"probed":                one(report.Connection{To: 25, End: report.TimedOut, Cause: report.ByDeath}, report.Request{}),
		"probed by the sidecar": one(report.Connection{To: 25, End: report.Closed, Cause: report.ByDeath}, report.Request{}),
		"late":                  one(report.Connection{To: 40, Quiet: 40, End: report.Closed, Cause: report.ByIdleTimer}, report.Request{}),
		"failed":                one(report.Connection{To: 65, End: report.Open}, report.Request{Error: "EOF"}),
		"two": {
			Connections: []report.Connection{{To: 10, End: report.Closed}, {To: 20, End: report.Closed}, {End: report.Open}},
			Requests:    []report.Request{{}, {Error: "EOF"}, {}},
		},
		"nothing": {},
		// SIGTERM came at 6.
		"ended":           stopped(report.Connection{To: 11.1, End: report.Closed, Cause: report.ByStop}),
		"ended at once":   stopped(report.Connection{To: 11.1, End: report.Reset, Cause: report.ByStop}),
		"ended late":      stopped(report.Connection{To: 17, End: report.Closed, Cause: report.ByStop}),
		"server ended":    stopped(report.Connection{To: 11.1, End: report.Closed, Cause: report.ByServer}),
		"refused":         {Requests: []report.Request{{Error: "connection refused"}}},
		"let in":          one(report.Connection{From: 3, To: 40, End: report.Open}, report.Request{Error: "connection refused"}, report.Request{At: 3}),
		"let in, and cut": one(report.Connection{From: 3, To: 9, End: report.Closed}, report.Request{Error: "connection refused"}, report.Request{At: 3}),
	}
	tests := []struct {
		want    Want
		accepts []string
	}{
		{lives(), []string{"alive"}},
		{cutWhenIdle(10 * time.Second), []string{"idle"}},
		{cutByChange(45 * time.Second), []string{"changed", "changed when it could"}},
		{cutInTunnel(45 * time.Second), []string{"changed", "changed when it could", "changed in a tunnel"}},
		{noAnswer(), []string{"forgot"}},
		{hangs(), []string{"dead"}},
		{notices(report.TimedOut, 5*time.Second, 3), []string{"probed"}},
		{notices(report.Closed, 5*time.Second, 3), []string{"probed by the sidecar"}},
		{cutByEnd(5 * time.Second), []string{"ended", "ended at once"}},
		{closedByServer(5 * time.Second), []string{"server ended"}},
		{refused(), []string{"refused"}},
		{refusedAtFirst(), []string{"let in"}},
		{loses(2, 1), []string{"two"}},
		{loses(1, 0), []string{"ended", "ended at once", "ended late", "server ended", "idle", "changed", "probed", "probed by the sidecar", "late", "changed late", "changed when it could", "changed in a tunnel", "changed too early", "closed too early"}},
	}
	for _, test := range tests {
		for name, c := range happened {
			problem := test.want.Check(&c)
			expected := slices.Contains(test.accepts, name)
			if (problem == "") != expected {
				t.Errorf("want %q, happened %q: got problem %q, want accepted: %t", test.want.Text, name, problem, expected)
			}
		}
	}
}

// A proxy ends at its time, or with the last connection, and is late where the machine is busy.
func TestEndings(t *testing.T) {
	for _, test := range []struct {
		want Ending
		s    report.Scenario
		good bool
	}{
		{endsAfter(5 * time.Second), report.Scenario{Termination: 5.02}, true},
		{endsAfter(5 * time.Second), report.Scenario{Termination: 7.5}, true},
		{endsAfter(5 * time.Second), report.Scenario{Termination: 4}, false},
		{endsAfter(5 * time.Second), report.Scenario{Termination: 9}, false},
		{endsWithLast(), report.Scenario{Outlived: 0.4}, true},
		{endsWithLast(), report.Scenario{Outlived: 5}, false},
		// It cut the last one.
		{endsWithLast(), report.Scenario{Outlived: -3}, false},
	} {
		if problem := test.want.Check(&test.s); (problem == "") != test.good {
			t.Errorf("%s: ended %.2f s after SIGTERM, %.2f s after the last connection: got problem %q, want none: %t",
				test.want.Text, test.s.Termination, test.s.Outlived, problem, test.good)
		}
	}
}
