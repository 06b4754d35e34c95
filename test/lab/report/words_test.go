package report

import (
	"bytes"
	"strings"
	"testing"
)

func TestFate(t *testing.T) {
	one := func(c Connection) Client { return Client{Connections: []Connection{c}, Changed: 6, Died: 6} }
	tests := []struct {
		client Client
		want   string
	}{
		{one(Connection{To: 25.02, End: Open}), "alive after 25 s"},
		// The idle timer counts from the last byte, not from the opening.
		{one(Connection{To: 13, Quiet: 10.01, End: Closed, Cause: ByIdleTimer}), "closed after 10.01 s idle"},
		// The drain counts from the change.
		{one(Connection{To: 51.25, End: Closed, Cause: ByChange}), "closed 45.25 s later"},
		{one(Connection{To: 24.5, End: TimedOut, Cause: ByDeath}), "noticed after 18.50 s"},
		// The sidecar found out, and closed the application's side.
		{one(Connection{To: 24.5, End: Closed, Cause: ByDeath}), "noticed after 18.50 s"},
		{Client{Connections: []Connection{{To: 11.03, End: Closed, Cause: ByStop}}, Stopped: 6}, "closed 5.03 s after SIGTERM"},
		{one(Connection{To: 11.03, End: Closed, Cause: ByServer}), "closed by its server"},
		{Client{Requests: []Request{{Error: "refused"}}}, "refused"},
		{Client{Requests: []Request{{Error: "refused"}, {At: 3}}, Connections: []Connection{{From: 3, To: 40, End: Open}}}, "refused for 3.00 s"},
		// A request that fails on its connection is not one that found none.
		{Client{Requests: []Request{{Took: 10, Error: "EOF"}}, Connections: []Connection{{From: 0.02, To: 10, End: Reset, Cause: Unknown}}}, "reset after 9.98 s"},
		// What nothing explains is said as it is.
		{one(Connection{From: 1, To: 3.5, End: Reset, Cause: Unknown}), "reset after 2.50 s"},
		{Client{}, "no connection"},
		{Client{Connections: []Connection{{End: Closed}, {End: Open}}}, "1 of 2 connections cut"},
	}
	for _, test := range tests {
		if got := test.client.Fate(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Error texts lose what differs from run to run, and nothing else.
func TestErrors(t *testing.T) {
	c := Client{Requests: []Request{
		{Error: "read tcp 198.19.0.6:48264->198.18.100.1:11211: i/o timeout"},
		{Error: "read tcp 198.19.0.6:50000->198.18.100.1:11211: i/o timeout"}, // the same, another port
		{},
		{Error: "invalid connection"},
	}, Log: []string{
		"[mysql] 2026/11/21 03:57:34 connection.go:803 closing bad idle connection: EOF",
		"[mysql] 2026/11/21 03:57:46 connection.go:803 closing bad idle connection: EOF",
	}}
	if got, want := strings.Join(c.Errors(), "|"), "read tcp: i/o timeout|invalid connection"; got != want {
		t.Errorf("errors: got %q, want %q", got, want)
	}
	if got, want := strings.Join(c.Logged(), "|"), "[mysql] connection.go:803 closing bad idle connection: EOF"; got != want {
		t.Errorf("log: got %q, want %q", got, want)
	}
	if got, want := c.Answers(), "3 of 4 requests failed: read tcp: i/o timeout; invalid connection"; got != want {
		t.Errorf("answers: got %q, want %q", got, want)
	}
}

// The table has a line per client, names every problem, and counts what was checked: of each pod one thing, of each client one.
func TestTable(t *testing.T) {
	r := stress()
	r.Scenarios[1].Name = "change-drain"
	r.Scenarios[1].Clients[0].Want = "to live"
	r.Scenarios[1].Clients[0].Problem = "got a connection closed"
	r.Scenarios[2].Name, r.Scenarios[2].Problem = "box-keepalive", "got no timer"
	var out bytes.Buffer
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Configuration change: the sidecar closes what a changed listener still holds after 45 s",
		"!!  change-drain",
		"!! change-drain/long query: want to live: got a connection closed",
		"!! box-keepalive: got no timer",
		"19 passed, 2 failed",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got no %q in\n%s", want, &out)
		}
	}
}
