package main

import (
	"fmt"
	"math"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// scenario is one pod: how it is made, what happens to it, and what its clients must see.
type scenario struct {
	// name is the pod's name and its label "scenario", by which its rule finds it.
	name string
	// title is what a reader of the table sees.
	title string
	// group is report.Idle, Change, Middlebox, Dead or Pool.
	group string
	// noSidecar asks Istio for no sidecar.
	noSidecar bool
	// own are annotations that the user wrote.
	own map[string]string
	// rule is YAML: destinations and strategy of holdfast's rule for this pod; "" for no rule.
	rule string
	// annotated says which annotations the admitted pod must carry, by key; the value must
	// contain these texts. With no rule, the pod must carry none of holdfast's.
	annotated map[string][]string
	// forgets puts a middlebox on the way that forgets connections idle for so long.
	forgets time.Duration
	// changes: the mesh's configuration changes under the pod, once all its clients run.
	changes bool
	// dies: the servers die without a word, at the same moment.
	dies bool
	// terminated: at the end, measure how long the sidecar takes to end.
	terminated bool
	clients    []client
}

// client is the work of one application and what it must see.
type client struct {
	probe.Spec
	want want
}

// want is an expectation: its words, and a check that returns what is not so.
type want struct {
	text  string
	check func(*report.Client) string
}

// slack is how far a measured time may be from the expected one: the machine is busy with
// everything else that runs side by side.
const slack = 0.75

// lives: one connection, there at the end, every request answered.
func lives() want {
	return want{"one connection lives to the end, no request fails", func(c *report.Client) string {
		if n := len(c.Connections); n != 1 {
			return fmt.Sprintf("got %d connections, want 1", n)
		}
		if end := c.Connections[0]; end.End != report.Open {
			return fmt.Sprintf("got a connection %s after %.2f s (%s)", end.End, end.To-end.From, end.Error)
		}
		if n := c.Failed(); n != 0 {
			return fmt.Sprintf("got %d failed requests, want 0", n)
		}
		return ""
	}}
}

// cutWhenIdle: the sidecar's idle timer closes the first connection.
func cutWhenIdle(after time.Duration) want {
	return want{fmt.Sprintf("closed after %s without a byte", after), func(c *report.Client) string {
		return ended(c, report.Closed, report.ByIdleTimer, func(end report.Connection) float64 { return end.Quiet }, after)
	}}
}

// cutByChange: the first connection is closed that long after the change of the mesh's configuration.
func cutByChange(after time.Duration) want {
	return want{fmt.Sprintf("closed %s after the change", after), func(c *report.Client) string {
		if c.Changed == 0 {
			return "got no change of the configuration"
		}
		return ended(c, report.Closed, report.ByChange, func(end report.Connection) float64 { return end.To - c.Changed }, after)
	}}
}

// noAnswer: the connection looks open, but the first request after the idle time hangs.
func noAnswer() want {
	return want{"the request after the idle time gets no answer", func(c *report.Client) string {
		return ended(c, report.Silent, report.ByMiddlebox, nil, 0)
	}}
}

// hangs: the server is dead, and nothing says so before a request gets no answer.
func hangs() want {
	return want{"the server's death goes unnoticed until a request gets no answer", func(c *report.Client) string {
		return ended(c, report.Silent, report.ByDeath, nil, 0)
	}}
}

// notices: the server is dead, and the probes on the application's socket find it out.
// The probe that runs when it dies may be answered or not, so that the time is known to
// one interval only.
func notices(interval time.Duration, probes int) want {
	return want{"keepalive probes find the server dead", func(c *report.Client) string {
		if problem := ended(c, report.TimedOut, report.ByDeath, nil, 0); problem != "" {
			return problem
		}
		most := interval.Seconds() * float64(probes+1)
		if after := c.Connections[0].To - c.Died; after > most+slack {
			return fmt.Sprintf("got it after %.2f s, want at most %.2f s", after, most)
		}
		return ""
	}}
}

// ended checks how the first connection ended. measure and about may be nil and 0.
// The drain is seen between 0 and 1.5 s late: Envoy's drain time is in whole seconds, and
// the configuration needs some time to reach the proxy.
func ended(c *report.Client, end, cause string, measure func(report.Connection) float64, about time.Duration) string {
	if len(c.Connections) == 0 {
		return "got no connection"
	}
	first := c.Connections[0]
	if first.End != end || first.Cause != cause {
		return fmt.Sprintf("got %s by %q after %.2f s, %.2f s after its last answer (%s), want %s by %q",
			first.End, first.Cause, first.To-first.From, first.Quiet, first.Error, end, cause)
	}
	if measure == nil {
		return ""
	}
	if got := measure(first); math.Abs(got-about.Seconds()) > slack && (cause != report.ByChange || got < about.Seconds() || got > about.Seconds()+3) {
		return fmt.Sprintf("got %.2f s, want %.2f s", got, about.Seconds())
	}
	return ""
}

// loses: the pool's connections are cut, and at least that many requests fail.
func loses(connections, requests int) want {
	text := fmt.Sprintf("at least %d connections are cut", connections)
	if requests > 0 {
		text += fmt.Sprintf(", at least %d requests fail", requests)
	} else {
		text += ", no request fails"
	}
	return want{text, func(c *report.Client) string {
		if n := c.Cut(); n < connections {
			return fmt.Sprintf("got %d connections cut", n)
		}
		if n := c.Failed(); n < requests || requests == 0 && n > 0 {
			return fmt.Sprintf("got %d failed requests", n)
		}
		return ""
	}}
}
