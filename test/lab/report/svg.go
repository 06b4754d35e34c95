package report

import (
	"fmt"
	"math"
	"strings"
)

// Measures of the timelines, in pixels.
const (
	pageWidth = 900.0
	margin    = 22.0
	plotLeft  = 300.0
	perSecond = 6.4
	rowHeight = 19.0
	barHeight = 9.0
	small     = 11.0
	normal    = 12.0
)

// Timeline draws one bar per connection of the scenarios about causes: idle timer,
// configuration change, middlebox, dead peer.
func (r *Run) Timeline() []byte { return r.timeline().svg(r.titles()) }

// PoolTimeline draws the same for the client libraries.
func (r *Run) PoolTimeline() []byte { return r.poolTimeline().svg(r.poolTitles()) }

func (r *Run) titles() (title, text string) {
	return "Why pooled connections die in an Istio mesh, and what keeps them",
		fmt.Sprintf("One bar per connection, in seconds since it was opened. Measured with %s and %s. The mesh's idle timeout is %s here, so that a run takes minutes; Istio's own is %s.",
			r.version("Istio"), r.version("Envoy"), Round(r.Settings.MeshIdle), Hours(r.Settings.IstioIdle))
}

func (r *Run) poolTitles() (title, text string) {
	return "What client libraries make of it, with their default settings",
		"One bar per connection, in seconds; where there is no bar, the pool held none. A pool hides some of the cuts: it looks at a connection before it uses it, or asks again on another one."
}

func (r *Run) poolHeading(cause string, s Scenario) (title, text string) {
	title, _ = r.heading(cause)
	every := Round(s.Clients[0].Every)
	switch cause {
	case Change:
		return title, fmt.Sprintf("one request every %s; access logs are switched on after %s", every, Round(s.Clients[0].Changed))
	case Middlebox:
		return title, fmt.Sprintf("one request every %s through a middlebox that forgets after %s", every, Round(s.Forgets))
	}
	return title, fmt.Sprintf("one request every %s behind an idle timeout of %s", every, Round(r.Settings.MeshIdle))
}

func (r *Run) version(name string) string {
	for _, v := range r.Versions {
		if v.Name == name {
			return name + " " + v.Version
		}
	}
	return name
}

func (r *Run) timeline() *canvas {
	title, text := r.titles()
	d := &drawing{run: r}
	d.begin(title, text, []string{"alive", "closed", "hang"})
	for _, group := range []string{Idle, Change, Middlebox, Dead} {
		d.group(group)
	}
	return d.finish()
}

func (r *Run) poolTimeline() *canvas {
	title, text := r.poolTitles()
	d := &drawing{run: r, dots: true}
	d.begin(title, text, []string{"alive", "closed", "hang", "failed"})
	for _, cause := range []string{Idle, Change, Middlebox} {
		first := true
		for _, s := range r.Group(Pool) {
			if s.Cause() != cause {
				continue
			}
			if first {
				d.heading(r.poolHeading(cause, s))
				first = false
			}
			d.poolScenario(s)
		}
	}
	return d.finish()
}

// drawing goes down the page.
type drawing struct {
	canvas
	run  *Run
	dots bool // requests are drawn
	y    float64
	top  float64 // of the plot
	last float64 // the latest time drawn
}

func x(seconds float64) float64 { return plotLeft + seconds*perSecond }

// begin writes title, explanation and legend.
func (d *drawing) begin(title, text string, legend []string) {
	d.width = pageWidth
	d.y = 34
	d.text(margin, d.y, "bold", atStart, 17, title)
	d.y += 6
	for _, line := range wrap(text, 128) {
		d.y += 17
		d.text(margin, d.y, "muted", atStart, normal, line)
	}
	d.y += 24
	at := margin
	for _, item := range legend {
		words := map[string]string{
			"alive": "alive", "closed": "closed by the sidecar", "hang": "lost unnoticed; a request without an answer", "failed": "failed request",
		}[item]
		middle := d.y - 4
		switch item {
		case "alive":
			d.bar(at, at+26, middle, "alive")
			d.arrow(at+26, middle)
		case "closed":
			d.bar(at, at+26, middle, "cut")
			d.cross(at+26, middle, 3.5)
		case "hang":
			d.bar(at, at+14, middle, "waiting")
			d.rect(at+14, middle-barHeight/2, 18, barHeight, 1, "hang")
		case "failed":
			d.failure(at+24, middle)
		}
		d.text(at+42, d.y, "", atStart, small, words)
		at += 42 + estimate(words, small, false) + 6
	}
	d.text(at, d.y, "mono", atStart, small, "holdfast's strategy")
	d.y += 10
	d.top = d.y
}

// group draws one cause: heading, its moment, and a row per client.
func (d *drawing) group(name string) {
	scenarios := d.run.Group(name)
	if len(scenarios) == 0 {
		return
	}
	d.heading(d.run.heading(name))
	at, words := d.moment(name, scenarios)
	d.text(x(at)-2, d.y+8, "muted", atStart, 10, words)
	d.y += 12
	from := d.y
	for _, s := range scenarios {
		for i, c := range s.Clients {
			d.label(s, c, i == 0)
			d.connections(c)
			d.outcome(c)
			d.y += rowHeight
		}
	}
	d.line(x(at), from, x(at), d.y-4, "event")
}

// moment is when the cause strikes, the same for all rows of a group.
func (d *drawing) moment(group string, scenarios []Scenario) (at float64, words string) {
	switch group {
	case Change:
		return scenarios[0].Clients[0].Changed, "access logs switched on"
	case Middlebox:
		return scenarios[0].Forgets, "forgotten"
	case Dead:
		return scenarios[0].Clients[0].Died, "the server dies"
	}
	return d.run.Settings.MeshIdle, "idle timeout"
}

// poolScenario draws one pod with its client libraries.
func (d *drawing) poolScenario(s Scenario) {
	for i, c := range s.Clients {
		d.label(s, c, i == 0)
		d.connections(c)
		for _, q := range c.Requests {
			d.request(q)
		}
		d.outcome(c)
		d.y += rowHeight
	}
	d.y += 6
}

func (d *drawing) heading(title, text string) {
	d.y += 14
	d.line(margin, d.y, pageWidth-margin, d.y, "rule")
	d.y += 18
	d.text(margin, d.y, "bold", atStart, 13, title)
	d.text(margin+estimate(title, 13, true)+12, d.y, "muted", atStart, small, text)
	d.y += 8
}

// finish draws the axis under everything and the grid behind it.
func (d *drawing) finish() *canvas {
	d.y += 6
	rows := d.elements.String()
	d.elements.Reset()
	for s := 0.0; s <= math.Ceil(d.last/10)*10; s += 10 {
		d.line(x(s), d.top+8, x(s), d.y, "grid")
		d.text(x(s), d.y+14, "muted", atMiddle, 10, fmt.Sprintf("%g s", s))
	}
	grid := d.elements.String()
	d.elements.Reset()
	d.elements.WriteString(grid + rows)
	d.height = d.y + 26
	return &d.canvas
}

// wrap breaks a text into lines of at most that many characters.
func wrap(text string, limit int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > limit {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
