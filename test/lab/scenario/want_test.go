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
		return report.Client{Connections: []report.Connection{c}, Requests: requests, Changed: 6, Died: 6}
	}
	happened := map[string]report.Client{
		"alive":                 one(report.Connection{To: 65, End: report.Open}, report.Request{}, report.Request{}),
		"idle":                  one(report.Connection{To: 13, Quiet: 10.1, End: report.Closed, Cause: report.ByIdleTimer}, report.Request{}),
		"changed":               one(report.Connection{To: 51.8, Quiet: 1, End: report.Closed, Cause: report.ByChange}, report.Request{}),
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
	}
	tests := []struct {
		want    Want
		accepts []string
	}{
		{lives(), []string{"alive"}},
		{cutWhenIdle(10 * time.Second), []string{"idle"}},
		{cutByChange(45 * time.Second), []string{"changed"}},
		{noAnswer(), []string{"forgot"}},
		{hangs(), []string{"dead"}},
		{notices(report.TimedOut, 5*time.Second, 3), []string{"probed"}},
		{notices(report.Closed, 5*time.Second, 3), []string{"probed by the sidecar"}},
		{loses(2, 1), []string{"two"}},
		{loses(1, 0), []string{"idle", "changed", "probed", "probed by the sidecar", "late"}},
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
