// Package report holds what a run of the lab measured, and shows it: a table for the
// terminal, JSON, an SVG timeline, and the numbers of docs/why-connections-die.md.
//
// All times are seconds, as numbers: what a reader of the JSON in any language expects.
package report

import (
	"fmt"
	"strings"

	"github.com/holdfast-mesh/holdfast/test/results"
)

// Run is one run of the lab.
type Run struct {
	// Date is the day of the run, 2026-01-31.
	Date     string    `json:"date"`
	Versions []Version `json:"versions"`
	Settings Settings  `json:"settings"`
	// Scenarios stand in the order of the table.
	Scenarios []Scenario `json:"scenarios"`
}

// Version is a program or library that took part.
type Version struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Settings are what the whole run shares, in seconds.
type Settings struct {
	// MeshIdle is the mesh's default idle timeout in the lab.
	MeshIdle float64 `json:"meshIdleSeconds"`
	// IstioIdle is the idle timeout of Istio as it comes.
	IstioIdle float64 `json:"istioIdleSeconds"`
	// Drain is Istio's default drainDuration.
	Drain float64 `json:"drainSeconds"`
}

// The kinds of failure, in the order of the picture and the table.
const (
	Idle      = "idle"
	Change    = "change"
	Middlebox = "middlebox"
	Dead      = "dead"
	Start     = "start"
	Stop      = "stop"
	Scope     = "scope"
	Objects   = "objects"
	Pool      = "pool"
)

// Scenario is one pod and what its connections went through.
type Scenario struct {
	// Name is the pod's name.
	Name string `json:"name"`
	// Group is Idle, Change, Middlebox, Dead, Start, Stop, Scope, Objects or Pool: what the
	// scenario is about.
	Group string `json:"group"`
	// Title says in a few words what is special about the pod.
	Title string `json:"title"`
	// Sidecar reports whether Istio injected one.
	Sidecar bool `json:"sidecar"`
	// Rule is the YAML of holdfast's rule for this pod, without its name and workloads, or of
	// its entry of gateways, without name, namespace and selector; "" for none.
	Rule string `json:"rule,omitempty"`
	// Objects is the YAML of Istio's objects that the user has in the pod's namespace.
	Objects string `json:"objects,omitempty"`
	// MeshObjects are the names of holdfast's objects that are in the mesh for this pod.
	MeshObjects []string `json:"meshObjects,omitempty"`
	// Change is what an operator did while the clients ran; "" for nothing.
	Change string `json:"change,omitempty"`
	// Annotations are what the admitted pod carried of holdfast's and Istio's annotations.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Forgets is the idle time after which the middlebox on the way forgets a connection; 0: none there.
	Forgets float64  `json:"forgetsSeconds,omitempty"`
	Clients []Client `json:"clients"`
	// Envoy are counters of the sidecar that changed between the start and the end.
	Envoy map[string]Counter `json:"envoy,omitempty"`
	// Sockets is what `ss -tno` showed in the pod's network a few seconds after the start, or
	// after the change.
	Sockets []Socket `json:"sockets,omitempty"`
	// Problem says what was not as expected of the pod itself; "" means nothing.
	Problem string `json:"problem,omitempty"`
	// Termination is how long the sidecar took from SIGTERM to its end; 0: not measured.
	Termination float64 `json:"terminationSeconds,omitempty"`
	// Outlived is how long the proxy of a pod that was deleted lived on after the last connection
	// that its clients closed themselves; 0: not measured.
	Outlived float64 `json:"outlivedSeconds,omitempty"`
}

// Socket is one line of ss.
type Socket struct {
	// Owner is "application", "sidecar" or "gateway".
	Owner string `json:"owner"`
	Line  string `json:"line"`
}

// Probed reports whether the kernel counts down to a keepalive probe on it.
func (s Socket) Probed() bool { return strings.Contains(s.Line, "timer:(keepalive,") }

// Counter is an Envoy counter or gauge at the start and at the end, and, where the mesh's
// configuration changed, in the middle of the drain.
type Counter struct {
	Before int64 `json:"before"`
	During int64 `json:"during,omitempty"`
	After  int64 `json:"after"`
}

// Client is one application process and what it saw.
type Client struct {
	Name string `json:"name"`
	// Kind is tcp, mysql, redis or memcached.
	Kind string `json:"kind"`
	// Server is the address that it used.
	Server string `json:"server"`
	// Every is the idle time between two requests; 0: only a first and a last one.
	Every float64 `json:"everySeconds,omitempty"`
	// Keepalive is the interval of TCP keepalive probes on the application's own socket, where the scenario sets one.
	Keepalive float64 `json:"keepaliveSeconds,omitempty"`
	// Changed is when the mesh's configuration changed, counted from the client's start; 0: it did not.
	Changed float64 `json:"changedAtSeconds,omitempty"`
	// Reached is when the pod's proxy had what follows from it, at the latest.
	Reached float64 `json:"reachedAtSeconds,omitempty"`
	// Died is when the server died without a word, counted likewise; 0: it did not.
	Died float64 `json:"diedAtSeconds,omitempty"`
	// Stopped is when SIGTERM reached the pod, counted likewise, and so negative for clients that
	// began later; 0: it did not.
	Stopped     float64      `json:"stoppedAtSeconds,omitempty"`
	Connections []Connection `json:"connections"`
	Requests    []Request    `json:"requests"`
	// Log is what the client library itself logged.
	Log []string `json:"log,omitempty"`
	// Want says what the scenario expects, in words.
	Want string `json:"want"`
	// Problem says what was not as expected; "" means it was.
	Problem string `json:"problem,omitempty"`
}

// What became of a connection, as the client saw it.
const (
	Open     = "open"
	Closed   = "closed"
	Reset    = "reset"
	TimedOut = "timed out"
	Silent   = "silent"
)

// Causes of a connection's end, as the measured times tell them.
const (
	ByIdleTimer = "idle timer"
	ByChange    = "configuration change"
	ByMiddlebox = "middlebox"
	ByDeath     = "dead peer"
	ByStop      = "end of the pod"
	ByServer    = "end of its server"
	Unknown     = "unknown"
)

// Connection is the life of one TCP connection, counted from the client's start.
type Connection struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	// Quiet is the time between the last answer and the end.
	Quiet float64 `json:"quietSeconds"`
	// End is Open, Closed, Reset, TimedOut or Silent.
	End string `json:"end"`
	// Cause is ByIdleTimer, ByChange, ByMiddlebox, ByDeath, ByStop, ByServer or Unknown; "" when it did not end.
	Cause string `json:"cause,omitempty"`
	Error string `json:"error,omitempty"`
}

// Request is one request of the application, counted from the client's start.
type Request struct {
	At   float64 `json:"at"`
	Took float64 `json:"tookSeconds"`
	// Error is the text that the application got, "" for an answer.
	Error string `json:"error,omitempty"`
}

// Failed counts requests that the application saw fail.
func (c *Client) Failed() int {
	n := 0
	for _, r := range c.Requests {
		if r.Error != "" {
			n++
		}
	}
	return n
}

// Refused counts attempts that failed before the first connection.
func (c *Client) Refused() int {
	for i, r := range c.Requests {
		if r.Error == "" || len(c.Connections) > 0 && r.At+r.Took >= c.Connections[0].From {
			return i
		}
	}
	return len(c.Requests)
}

// Slowest is the longest time that a request took, answered or not.
func (c *Client) Slowest() float64 {
	slowest := 0.0
	for _, r := range c.Requests {
		slowest = max(slowest, r.Took)
	}
	return slowest
}

// Cut counts connections that ended without the application's doing.
func (c *Client) Cut() int {
	n := 0
	for _, connection := range c.Connections {
		if connection.End != Open {
			n++
		}
	}
	return n
}

// Problems lists what was not as expected, one line each.
func (r *Run) Problems() []string {
	var problems []string
	for _, s := range r.Scenarios {
		if s.Problem != "" {
			problems = append(problems, s.Name+": "+s.Problem)
		}
		for _, c := range s.Clients {
			if c.Problem != "" {
				problems = append(problems, fmt.Sprintf("%s/%s: want %s: %s", s.Name, c.Name, c.Want, c.Problem))
			}
		}
	}
	return problems
}

// Read reads a run's JSON file.
func Read(path string) (*Run, error) { return results.Read[Run](path) }

// JSON is the run's file.
func (r *Run) JSON() ([]byte, error) { return results.JSON(r) }
