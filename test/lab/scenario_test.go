package main

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// The table says what the lab can do: names are pod names, rules come with the annotations
// that they must leave, and no rule means no annotation.
func TestScenarios(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		if problems := validation.IsDNS1123Label(s.name); problems != nil || seen[s.name] {
			t.Errorf("name %q: got %v, seen before: %t; want a DNS label of its own", s.name, problems, seen[s.name])
		}
		seen[s.name] = true
		if (s.rule == "") != (s.annotated == nil) {
			t.Errorf("%s: got a rule without annotations to check, or the other way round", s.name)
		}
		if s.noSidecar && (s.rule != "" || s.changes) {
			t.Errorf("%s: got no sidecar and something for it to do", s.name)
		}
		names := map[string]bool{}
		for _, c := range s.clients {
			if c.want.check == nil || c.For <= 0 || c.GiveUp <= 0 || names[c.Name] {
				t.Errorf("%s: client %q lacks an expectation, For, GiveUp or a name of its own", s.name, c.Name)
			}
			names[c.Name] = true
		}
		if len(s.clients) == 0 {
			t.Errorf("%s: got no client", s.name)
		}
	}
}

// The rules file of all scenarios is one that holdfast loads without an error.
func TestRulesFile(t *testing.T) {
	text := rulesFile(scenarios())
	file, problems := load.Rules("rules.yaml", []byte(text))
	if file == nil {
		t.Fatalf("got %v, want rules that load:\n%s", problems, text)
	}
	want := 0
	for _, s := range scenarios() {
		if s.rule != "" {
			want++
		}
	}
	if got := len(file.Rules); got != want {
		t.Errorf("got %d rules, want %d", got, want)
	}
}

// Every expectation accepts what it is named for, and nothing that happens to other pods.
func TestWants(t *testing.T) {
	one := func(c report.Connection, requests ...report.Request) report.Client {
		return report.Client{Connections: []report.Connection{c}, Requests: requests, Changed: 6, Died: 6}
	}
	happened := map[string]report.Client{
		"alive":   one(report.Connection{To: 65, End: report.Open}, report.Request{}, report.Request{}),
		"idle":    one(report.Connection{To: 13, Quiet: 10.1, End: report.Closed, Cause: report.ByIdleTimer}, report.Request{}),
		"changed": one(report.Connection{To: 51.8, Quiet: 1, End: report.Closed, Cause: report.ByChange}, report.Request{}),
		"forgot":  one(report.Connection{To: 30, End: report.Silent, Cause: report.ByMiddlebox}, report.Request{}, report.Request{Error: "i/o timeout"}),
		"dead":    one(report.Connection{To: 42, End: report.Silent, Cause: report.ByDeath}, report.Request{}, report.Request{Error: "i/o timeout"}),
		"probed":  one(report.Connection{To: 25, End: report.TimedOut, Cause: report.ByDeath}, report.Request{}),
		"late":    one(report.Connection{To: 40, Quiet: 40, End: report.Closed, Cause: report.ByIdleTimer}, report.Request{}),
		"failed":  one(report.Connection{To: 65, End: report.Open}, report.Request{Error: "EOF"}),
		"two": {
			Connections: []report.Connection{{To: 10, End: report.Closed}, {To: 20, End: report.Closed}, {End: report.Open}},
			Requests:    []report.Request{{}, {Error: "EOF"}, {}},
		},
		"nothing": {},
	}
	tests := []struct {
		want    want
		accepts []string
	}{
		{lives(), []string{"alive"}},
		{cutWhenIdle(10 * time.Second), []string{"idle"}},
		{cutByChange(45 * time.Second), []string{"changed"}},
		{noAnswer(), []string{"forgot"}},
		{hangs(), []string{"dead"}},
		{notices(5*time.Second, 3), []string{"probed"}},
		{loses(2, 1), []string{"two"}},
		{loses(1, 0), []string{"idle", "changed", "probed", "late"}},
	}
	for _, test := range tests {
		for name, c := range happened {
			problem := test.want.check(&c)
			expected := strings.Contains(" "+strings.Join(test.accepts, " ")+" ", " "+name+" ")
			if (problem == "") != expected {
				t.Errorf("want %q, happened %q: got problem %q, want accepted: %t", test.want.text, name, problem, expected)
			}
		}
	}
}
