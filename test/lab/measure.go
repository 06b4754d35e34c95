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
		c.Changed = since(r.change)
	}
	if !r.death.IsZero() {
		c.Died = since(r.death)
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
		connection.Cause = cause(connection, c.Changed, r)
		c.Connections = append(c.Connections, connection)
	}
	return c
}

// cause tells from the measured times why a connection ended, as a person would who has
// nothing else: Envoy names no cause anywhere.
func cause(c report.Connection, change float64, r *running) string {
	near := func(got, want float64) bool { return math.Abs(got-want) <= scenario.Slack }
	drain := r.DrainDuration().Seconds()
	switch {
	case c.End == report.Open:
		return ""
	case c.End == report.Silent && r.Forgets > 0:
		return report.ByMiddlebox
	case (c.End == report.Silent || c.End == report.TimedOut) && r.Dies:
		return report.ByDeath
	case c.End == report.Silent:
		return report.Unknown
	case near(c.Quiet, r.IdleTimeout().Seconds()):
		return report.ByIdleTimer
	case change > 0 && c.To-change >= drain-scenario.Slack && c.To-change <= drain+scenario.Late:
		return report.ByChange
	case r.Dies: // the sidecar had found out, and closed the application's side
		return report.ByDeath
	}
	return report.Unknown
}

// described is what is known of a scenario before it begins.
func described(s *scenario.Scenario, pod *corev1.Pod) (report.Scenario, error) {
	r := report.Scenario{
		Name: s.Name, Group: s.Group, Title: s.Title, Sidecar: !s.NoSidecar && s.Gateway == "",
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
