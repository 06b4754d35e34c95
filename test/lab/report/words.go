package report

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Seconds writes a time as measured: "10.01 s".
func Seconds(s float64) string { return strconv.FormatFloat(s, 'f', 2, 64) + " s" }

// Round writes a time for people: "10 s", "0.5 s".
func Round(s float64) string { return strconv.FormatFloat(s, 'g', 2, 64) + " s" }

// Hours writes whole hours: "1 h".
func Hours(s float64) string { return strconv.FormatFloat(s/3600, 'g', -1, 64) + " h" }

// Fate says in a few words what became of a client's connections.
func (c *Client) Fate() string {
	refused := c.Refused()
	switch {
	case len(c.Connections) == 0 && refused > 0:
		return "refused"
	case len(c.Connections) == 0:
		return "no connection"
	case refused > 0:
		return "refused for " + Seconds(c.Connections[0].From)
	}
	if len(c.Connections) > 1 {
		return fmt.Sprintf("%d of %d connections cut", c.Cut(), len(c.Connections))
	}
	only := c.Connections[0]
	switch {
	case only.End == Open:
		return "alive after " + Round(only.To-only.From)
	case only.End == TimedOut, only.End == Closed && only.Cause == ByDeath:
		return "noticed after " + Seconds(only.To-c.Died)
	case only.End == Silent:
		return "no answer for " + Round(c.Slowest())
	case only.Cause == ByIdleTimer:
		return "closed after " + Seconds(only.Quiet) + " idle"
	case only.Cause == ByStop:
		return "closed " + Seconds(only.To-c.Stopped) + " after SIGTERM"
	case only.Cause == ByServer:
		return "closed by its server"
	case only.Cause == ByChange:
		return "closed " + Seconds(only.To-c.Changed) + " later"
	}
	return only.End + " after " + Seconds(only.To-only.From)
}

// Answers says how many requests failed, with the texts that the application got.
func (c *Client) Answers() string {
	text := fmt.Sprintf("%d of %d requests failed", c.Failed(), len(c.Requests))
	if errors := c.Errors(); len(errors) > 0 {
		text += ": " + strings.Join(errors, "; ")
	}
	return text
}

// Errors are the different texts that the application got, with addresses left out: they
// differ from run to run and are not what anybody searches for.
func (c *Client) Errors() []string {
	var texts []string
	for _, r := range c.Requests {
		if r.Error != "" {
			texts = append(texts, r.Error)
		}
	}
	return distinct(texts)
}

// Logged are the different lines that the client's library logged, without times and addresses.
func (c *Client) Logged() []string { return distinct(c.Log) }

var (
	// addresses are those in Go's "read tcp 198.19.0.6:48264->198.18.100.1:11211: i/o timeout".
	addresses = regexp.MustCompile(` \S+->\S+?(:?)( |$)`)
	// times are those in a log's "[mysql] 2026/11/21 03:57:34 connection.go:803".
	times = regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)
)

// distinct leaves addresses and times out, and then texts that were there before.
func distinct(texts []string) []string {
	var list []string
	for _, text := range texts {
		text = times.ReplaceAllString(addresses.ReplaceAllString(text, "$1$2"), "")
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// core is the last part of an error: what went wrong, without where.
func core(text string) string {
	parts := strings.Split(text, ": ")
	return parts[len(parts)-1]
}

// Counters says in one line which of Envoy's counters tell something about the scenario.
func (s *Scenario) Counters() string {
	var texts []string
	for _, name := range []string{
		"tcp.PassthroughCluster.downstream_cx_total",
		"tcp.PassthroughCluster.idle_timeout",
		"listener_manager.listener_in_place_updated",
	} {
		if c := s.Envoy[name]; c.After != c.Before {
			texts = append(texts, fmt.Sprintf("%s +%d", name[strings.LastIndexByte(name, '.')+1:], c.After-c.Before))
		}
	}
	if c := s.Envoy["listener_manager.total_filter_chains_draining"]; c.During > 0 {
		texts = append(texts, fmt.Sprintf("filter chains draining %d, at the end %d", c.During, c.After))
	}
	return strings.Join(texts, ", ")
}

// Cause is what the scenario puts its connections through: its group, or what a pool meets.
func (s *Scenario) Cause() string {
	switch {
	case s.Group != Pool:
		return s.Group
	case s.Forgets > 0:
		return Middlebox
	case len(s.Clients) > 0 && s.Clients[0].Changed > 0:
		return Change
	}
	return Idle
}

// heading is what a group is about, with its numbers.
func (r *Run) heading(group string) (title, text string) {
	switch group {
	case Idle:
		return "Idle timer", fmt.Sprintf("the sidecar closes a connection after %s without a byte (in Istio as it comes: %s)", Round(r.Settings.MeshIdle), Hours(r.Settings.IstioIdle))
	case Change:
		return "Configuration change", fmt.Sprintf("the sidecar closes what a changed listener still holds after %s, busy or not", Round(r.Settings.Drain))
	case Middlebox:
		return "Middlebox", fmt.Sprintf("a NAT or load balancer forgets a connection after %s without a packet", Round(r.Forgets(Middlebox)))
	case Dead:
		return "Dead peer", "the server is gone without a word; only a probe or a request finds out"
	case Start:
		return "Start", "the application runs before its sidecar does"
	case Stop:
		return "End", "SIGTERM reaches the application and its sidecar together"
	case Scope:
		return "Destinations", "what scope: Destinations reaches; everything else keeps the sidecar's own idle timeout"
	case Objects:
		return "Rules and mesh objects", "what happens to open connections when they come and go"
	}
	return "Client libraries", "pools with their default settings, and what the application gets from them"
}

// Forgets is how long the middlebox of a group's scenarios remembers a connection.
func (r *Run) Forgets(group string) float64 {
	for _, s := range r.Scenarios {
		if s.Group == group && s.Forgets > 0 {
			return s.Forgets
		}
	}
	return 0
}
