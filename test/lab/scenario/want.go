package scenario

import (
	"fmt"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// Want is an expectation.
type Want struct {
	// Text says it in words.
	Text string
	// Check returns what is not so, or "".
	Check func(*report.Client) string
}

// Slack is how far a measured time may be from the expected one: the machine is busy with
// everything else that runs side by side.
const Slack = 0.75

// Late is how much longer, in seconds, a proxy may take that must do something by itself: drain
// what a change has replaced, counted from when it had the change, or end. Its own times are in
// whole seconds, and everything else on the machine ends at the same moment.
const Late = 3

// lives: one connection, there at the end, every request answered.
func lives() Want {
	return Want{"one connection lives to the end, no request fails", func(c *report.Client) string {
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
func cutWhenIdle(after time.Duration) Want {
	return Want{fmt.Sprintf("closed after %s without a byte", after), func(c *report.Client) string {
		return ended(c, report.Closed, report.ByIdleTimer, func(end report.Connection) float64 { return end.Quiet }, after)
	}}
}

// cutByChange: the first connection is closed that long after the change of the mesh's configuration.
func cutByChange(after time.Duration) Want {
	return Want{fmt.Sprintf("closed %s after the change", after), func(c *report.Client) string {
		if c.Changed == 0 {
			return "got no change of the configuration"
		}
		return ended(c, report.Closed, report.ByChange, func(end report.Connection) float64 { return end.To - c.Changed }, after)
	}}
}

// SoonerInTunnels is how much sooner than its drainDuration a waypoint may end the tunnels of a
// changed listener: Envoy 1.40 asks clients to leave before the end, each at a moment of its own,
// and 5 s later resets the tunnels that are left. Older ones wait for the end.
const SoonerInTunnels = 15 * time.Second

// cutInTunnel is cutByChange for a connection through a waypoint's tunnel.
func cutInTunnel(drain time.Duration) Want {
	from := drain - SoonerInTunnels
	return Want{fmt.Sprintf("closed between %s and %s after the change", from, drain), func(c *report.Client) string {
		if problem := ended(c, report.Closed, report.ByChange, nil, 0); problem != "" {
			return problem
		}
		after := c.Connections[0].To - c.Changed
		if most := c.Reached - c.Changed + drain.Seconds() + Late; c.Changed == 0 || after < from.Seconds() || after > most {
			return fmt.Sprintf("got %.2f s", after)
		}
		return ""
	}}
}

// noAnswer: the connection looks open, but the first request after the idle time hangs.
func noAnswer() Want {
	return Want{"the request after the idle time gets no answer", func(c *report.Client) string {
		return ended(c, report.Silent, report.ByMiddlebox, nil, 0)
	}}
}

// hangs: the server is dead, and nothing says so before a request gets no answer.
func hangs() Want {
	return Want{"the server's death goes unnoticed until a request gets no answer", func(c *report.Client) string {
		return ended(c, report.Silent, report.ByDeath, nil, 0)
	}}
}

// notices: the server is dead, and keepalive probes find it out: those of the application's
// own socket, where end is report.TimedOut, or those of the sidecar, which then closes the
// application's connection (report.Closed). The probe that runs when it dies may be answered
// or not, so that the time is known to one interval only.
func notices(end string, interval time.Duration, probes int) Want {
	return Want{"keepalive probes find the server dead", func(c *report.Client) string {
		if problem := ended(c, end, report.ByDeath, nil, 0); problem != "" {
			return problem
		}
		most := interval.Seconds() * float64(probes+1)
		if after := c.Connections[0].To - c.Died; after > most+Slack {
			return fmt.Sprintf("got it after %.2f s, want at most %.2f s", after, most)
		}
		return ""
	}}
}

// ended checks how the first connection ended. measure and about may be nil and 0.
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
	most := about.Seconds() + Slack
	switch cause {
	case report.ByChange:
		most = c.Reached - c.Changed + about.Seconds() + Late
	case report.ByStop, report.ByServer:
		most = about.Seconds() + Late
	}
	if got := measure(first); got < about.Seconds()-Slack || got > most {
		return fmt.Sprintf("got %.2f s, want %.2f s", got, about.Seconds())
	}
	return ""
}

// cutByEnd: the sidecar's end, that long after SIGTERM, closes the first connection.
func cutByEnd(after time.Duration) Want {
	return Want{fmt.Sprintf("closed %s after SIGTERM", after), func(c *report.Client) string {
		end := report.Closed
		if len(c.Connections) > 0 && c.Connections[0].End == report.Reset {
			end = report.Reset // what was on the way when Envoy was killed
		}
		return ended(c, end, report.ByStop, func(end report.Connection) float64 { return end.To - c.Stopped }, after)
	}}
}

// closedByServer: the pod's own server ends, that long after SIGTERM, and its connections with it.
func closedByServer(after time.Duration) Want {
	return Want{fmt.Sprintf("closed by its server %s after SIGTERM", after), func(c *report.Client) string {
		return ended(c, report.Closed, report.ByServer, func(end report.Connection) float64 { return end.To - c.Stopped }, after)
	}}
}

// refused: no connection comes about, and whoever tries is told so.
func refused() Want {
	return Want{"every attempt to connect fails", func(c *report.Client) string {
		if n := len(c.Connections); n != 0 || c.Failed() == 0 {
			return fmt.Sprintf("got %d connections and %d failed requests", n, c.Failed())
		}
		return ""
	}}
}

// refusedAtFirst: attempts to connect fail until there is something to connect to.
func refusedAtFirst() Want {
	return Want{"the first attempts to connect fail, then one connection lives", func(c *report.Client) string {
		if n := len(c.Connections); n != 1 {
			return fmt.Sprintf("got %d connections, want 1", n)
		}
		if c.Refused() == 0 || c.Failed() > c.Refused() || c.Connections[0].End != report.Open {
			return fmt.Sprintf("got %d refused attempts, %d failed requests in all, and a connection %s", c.Refused(), c.Failed(), c.Connections[0].End)
		}
		return ""
	}}
}

// Ending is an expectation of how a proxy ends.
type Ending struct {
	// Text says it in words.
	Text string
	// Check returns what is not so, or "".
	Check func(*report.Scenario) string
}

// checkEvery is how often pilot-agent looks whether connections are left:
// https://github.com/istio/istio/blob/1.31.0/pkg/envoy/agent.go, activeConnectionCheckDelay.
const checkEvery = time.Second

// endsAfter: so long after SIGTERM, whatever connections there are.
func endsAfter(d time.Duration) Ending {
	return Ending{fmt.Sprintf("the proxy ends %s after SIGTERM", d), func(s *report.Scenario) string {
		if got := s.Termination; got < d.Seconds()-Slack || got > d.Seconds()+Late {
			return fmt.Sprintf("the proxy ended: got %.2f s after SIGTERM, want %s", got, d)
		}
		return ""
	}}
}

// endsWithLast: when the last connection has been closed by those who opened it.
func endsWithLast() Ending {
	return Ending{"the proxy ends with the last connection", func(s *report.Scenario) string {
		if s.Outlived < 0 || s.Outlived > checkEvery.Seconds()+Late {
			return fmt.Sprintf("the proxy ended: got %.2f s after the last connection, want %s", s.Outlived, checkEvery)
		}
		return ""
	}}
}

// loses: the pool's connections are cut, and at least that many requests fail.
func loses(connections, requests int) Want {
	text := fmt.Sprintf("at least %d connections are cut", connections)
	if requests > 0 {
		text += fmt.Sprintf(", at least %d requests fail", requests)
	} else {
		text += ", no request fails"
	}
	return Want{text, func(c *report.Client) string {
		if n := c.Cut(); n < connections {
			return fmt.Sprintf("got %d connections cut", n)
		}
		if n := c.Failed(); n < requests || requests == 0 && n > 0 {
			return fmt.Sprintf("got %d failed requests", n)
		}
		return ""
	}}
}

// losesBusy: connections of a pool in use are cut; who tries a free one before using it
// loses at most the request that was on the way.
func losesBusy(connections int) Want {
	return Want{fmt.Sprintf("at least %d connections are cut, at most one request fails", connections), func(c *report.Client) string {
		if n := c.Cut(); n < connections {
			return fmt.Sprintf("got %d connections cut", n)
		}
		if n := c.Failed(); n > 1 {
			return fmt.Sprintf("got %d failed requests", n)
		}
		return ""
	}}
}
