package main

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// Lines of ss -Htnoe, as iproute2 6 writes them.
const (
	ofApplication = "0 0 198.19.0.2:5 198.18.100.1:6379 ino:1 sk:1 cgroup:/ <->"
	ofSidecar     = "0 0 198.19.0.2:6 198.18.100.1:6379 timer:(keepalive,4.2sec,0) uid:1337 ino:2 sk:2 cgroup:/ <->"
	notProbed     = "0 0 198.19.0.2:6 198.18.100.1:6379 uid:1337 ino:2 sk:2 cgroup:/ <->"
	accepted      = "0 0 127.0.0.1:15001 198.19.0.2:5 uid:1337 ino:3 sk:3 cgroup:/ <->"
)

func TestParseSocket(t *testing.T) {
	want := report.Socket{Owner: "sidecar", Line: "0 0 198.19.0.2:6 198.18.100.1:6379 timer:(keepalive,4.2sec,0)"}
	if got := parseSocket(ofSidecar, false); got != want || !got.Probed() {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := parseSocket(ofSidecar, true).Owner; got != "gateway" {
		t.Errorf("got owner %q, want gateway", got)
	}
	want = report.Socket{Owner: "application", Line: "0 0 198.19.0.2:5 198.18.100.1:6379"}
	if got := parseSocket(ofApplication, false); got != want || got.Probed() {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOnLoopback(t *testing.T) {
	for line, want := range map[string]bool{
		"0 0 127.0.0.1:40000 127.0.0.1:15010":                 true,
		"0 0 [::1]:40000 [::1]:15000":                         true,
		"0 0 [2001:db8:1900::2]:40000 [2001:db8:100::1]:6379": false,
		ofSidecar: false,
	} {
		if got := onLoopback(parseSocket(line, false)); got != want {
			t.Errorf("%s: got %t, want %t", line, got, want)
		}
	}
}

// A strategy that should probe and does not is found, and one that should not and does.
func TestCheckProbes(t *testing.T) {
	const toClient = "0 0 198.19.0.6:6379 198.19.32.2:7 timer:(keepalive,1sec,0) uid:1337 ino:1 sk:1"
	probed, plain := scenario.Scenario{Probed: true}, scenario.Scenario{}
	gateway := scenario.Scenario{Probed: true, Ingress: true}
	for name, test := range map[string]struct {
		scenario scenario.Scenario
		lines    []string
		good     bool
	}{
		"probed":                           {probed, []string{ofApplication, ofSidecar, accepted}, true},
		"not probed":                       {probed, []string{ofApplication, notProbed, accepted}, false},
		"one of two":                       {probed, []string{ofSidecar, notProbed}, false},
		"no socket of the sidecar":         {probed, []string{ofApplication, accepted}, false},
		"none wanted":                      {plain, []string{ofApplication, notProbed, accepted}, true},
		"not wanted":                       {plain, []string{ofSidecar}, false},
		"past the sidecar":                 {plain, []string{ofApplication}, true},
		"towards clients":                  {gateway, []string{toClient, notProbed}, true},
		"towards the servers, not clients": {gateway, []string{ofSidecar}, false},
	} {
		var sockets []report.Socket
		for _, line := range test.lines {
			sockets = append(sockets, parseSocket(line, test.scenario.Ingress))
		}
		if got := checkProbes(&test.scenario, sockets); (got == "") != test.good {
			t.Errorf("%s: got problem %q, want none: %t", name, got, test.good)
		}
	}
}
