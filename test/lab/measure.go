package main

import (
	"math"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

// hundredths is a duration in seconds, as precise as the lab measures.
func hundredths(d time.Duration) float64 { return math.Round(d.Seconds()*100) / 100 }

// measured turns what a client wrote down into the report's form: seconds since its first request.
func measured(app *application, result *probe.Result, r *running) report.Client {
	start := result.Requests[0].At
	since := func(t time.Time) float64 { return hundredths(t.Sub(start)) }
	c := report.Client{
		Name: app.Name, Kind: app.Spec.Client, Server: app.Address,
		Every: hundredths(app.Every), Keepalive: hundredths(app.Keepalive), Log: app.logged(),
	}
	if r.change.After(start) {
		c.Changed, c.Reached = since(r.change), since(r.reached)
	}
	if !r.death.IsZero() {
		c.Died = since(r.death)
	}
	if !r.stopped.IsZero() {
		c.Stopped = since(r.stopped)
	}
	for _, q := range result.Requests {
		c.Requests = append(c.Requests, report.Request{At: since(q.At), Took: math.Round(q.Took.Seconds()*1e4) / 1e4, Error: q.Error})
	}
	for _, life := range result.Connections {
		last := life.LastByte
		if last.IsZero() {
			last = life.Opened
		}
		connection := report.Connection{
			From: max(0, since(life.Opened)), To: since(life.Ended), Quiet: hundredths(life.Ended.Sub(last)),
			End: string(life.End), Error: life.Error,
		}
		connection.Cause = cause(connection, &c, r)
		c.Connections = append(c.Connections, connection)
	}
	return c
}

// lastClosed is when the last connection that was not cut came to its end.
func lastClosed(results []*probe.Result) (last time.Time) {
	for _, result := range results {
		for _, c := range result.Connections {
			if c.End == probe.Open && c.Ended.After(last) {
				last = c.Ended
			}
		}
	}
	return last
}

// cause tells from the measured times why a connection ended, as a person would who has
// nothing else: Envoy names no cause anywhere.
func cause(c report.Connection, of *report.Client, r *running) string {
	near := func(got, want float64) bool { return math.Abs(got-want) <= scenario.Slack }
	drain, sooner := r.DrainDuration().Seconds(), scenario.Slack
	if r.Waypoint {
		sooner = scenario.SoonerInTunnels.Seconds()
	}
	switch {
	case c.End == report.Open:
		return ""
	case c.End == report.Silent && r.Forgets > 0:
		return report.ByMiddlebox
	case (c.End == report.Silent || c.End == report.TimedOut) && r.Dies:
		return report.ByDeath
	case c.End == report.Silent:
		return report.Unknown
	case of.Stopped > 0 && r.Serves > 0 && endedWith(c.To-of.Stopped, r.Serves.Seconds()):
		return report.ByServer
	case of.Stopped > 0 && endedWith(c.To-of.Stopped, r.report.Termination): // whatever else could be: nothing outlives its proxy
		return report.ByStop
	case near(c.Quiet, r.IdleTimeout().Seconds()):
		return report.ByIdleTimer
	case of.Changed > 0 && c.To >= of.Changed+drain-sooner && c.To <= of.Reached+drain+scenario.Late:
		return report.ByChange
	case r.Dies: // the sidecar had found out, and closed the application's side
		return report.ByDeath
	}
	return report.Unknown
}

// endedWith reports whether a connection ended with a process, both in seconds after SIGTERM:
// what a process held may outlast it a little, and pilot-agent does not wait for the Envoy that it
// has killed.
func endedWith(connection, process float64) bool {
	return connection >= process-scenario.Slack && connection <= process+scenario.Late
}

// described is what is known of a scenario before it begins.
func described(s *scenario.Scenario, pod *corev1.Pod) (report.Scenario, error) {
	r := report.Scenario{
		Name: s.Name, Group: s.Group, Title: s.Title, Sidecar: !s.NoSidecar && !s.IsProxy(),
		Rule: strings.TrimSpace(s.Rule + s.Gateway), Objects: strings.TrimSpace(s.Objects), Change: string(s.Change),
		Forgets: s.Forgets.Seconds(), Annotations: map[string]string{},
	}
	for key, value := range pod.Annotations {
		if strings.HasPrefix(key, "holdfast.dev/") || strings.HasPrefix(key, "traffic.sidecar.istio.io/exclude") || key == "proxy.istio.io/config" {
			r.Annotations[key] = value
		}
	}
	if s.Without {
		return r, nil
	}
	objects, err := s.MeshObjects()
	for _, o := range objects {
		r.MeshObjects = append(r.MeshObjects, o.Name)
	}
	return r, err
}
