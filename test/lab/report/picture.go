package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"slices"

	drawing "github.com/holdfast-mesh/holdfast/test/picture"
)

//go:embed picture.svg.tmpl
var pictureTemplate string

// picture is a timeline: rows of bars under headings. Heights are pixels from the top,
// times are seconds.
type picture struct {
	Title    string
	Text     [2]string // what the bars are, a line each
	Requests bool      // failed requests are drawn
	Sections []section
	Seconds  []float64 // the marks of the axis
	Bottom   float64   // where the axis is
}

// section is a heading with its rows.
type section struct {
	Title, Text string
	Y           float64
	// Moment is when the cause strikes, the same for all rows; "" for none.
	Moment      string
	At          float64
	Top, Bottom float64 // of the rows
	Rows        []row
}

// row is one client, in the time of its pod's first one.
type row struct {
	Y       float64
	Pod     string // the pod's title, at its first client
	Rule    bool   // the title is a strategy of holdfast's
	Client  string
	Bars    []bar
	Failed  []float64 // when requests failed
	Outcome string    // says in words what the bars show, right of them
	Bad     bool
	End     float64
}

// bar is a connection or a part of it.
type bar struct {
	From, To    float64
	Class, Mark string // of picture.svg.tmpl
}

func (b bar) Length() float64 { return b.To - b.From }

// timeline draws one bar per connection of the scenarios about causes: idle timer,
// configuration change, middlebox, dead peer, the pod's start and end.
func (r *Run) timeline() ([]byte, error) {
	p := picture{
		Title: "Why pooled connections die in an Istio mesh, and what keeps them",
		Text: [2]string{
			fmt.Sprintf("One bar per connection, in seconds since it was opened. Measured with %s and %s.", r.version("Istio"), r.version("Envoy")),
			fmt.Sprintf("The mesh's idle timeout is %s here, so that a run takes minutes; Istio's own is %s.", Round(r.Settings.MeshIdle), Hours(r.Settings.IstioIdle)),
		},
	}
	for _, group := range []string{Idle, Change, Middlebox, Dead, Start, Stop} {
		scenarios := r.Group(group)
		if len(scenarios) == 0 {
			continue
		}
		s := section{Rows: rows(scenarios)}
		s.Title, s.Text = r.heading(group)
		first := scenarios[0]
		switch group {
		case Idle:
			s.Moment, s.At = "idle timeout", r.Settings.MeshIdle
		case Change:
			s.Moment, s.At = "access logs switched on", first.Clients[0].Changed
		case Middlebox:
			s.Moment, s.At = "forgotten", first.Forgets
		case Dead:
			s.Moment, s.At = "the server dies", first.Clients[0].Died
		case Stop:
			s.Moment, s.At = "SIGTERM", first.Clients[0].Stopped
		}
		p.Sections = append(p.Sections, s)
	}
	return p.draw()
}

// poolTimeline draws the same for the client libraries, with the requests that failed.
func (r *Run) poolTimeline() ([]byte, error) {
	p := picture{
		Title: "What client libraries make of it, with their default settings",
		Text: [2]string{
			"One bar per connection, in seconds; where there is no bar, the pool held none.",
			"A pool hides some of the cuts: it looks at a connection before it uses it, or asks again on another one.",
		},
		Requests: true,
	}
	for _, cause := range []string{Idle, Change, Middlebox} {
		scenarios := slices.DeleteFunc(r.Group(Pool), func(s Scenario) bool { return s.Cause() != cause })
		if len(scenarios) == 0 {
			continue
		}
		s := section{Rows: rows(scenarios)}
		s.Title, _ = r.heading(cause)
		first := scenarios[0]
		s.Text = "one request every " + Round(first.Clients[0].Every)
		switch cause {
		case Idle:
			s.Text += " behind an idle timeout of " + Round(r.Settings.MeshIdle)
		case Change:
			s.Text += "; access logs are switched on after " + Round(first.Clients[0].Changed)
		case Middlebox:
			s.Text += " through a middlebox that forgets after " + Round(first.Forgets)
		}
		p.Sections = append(p.Sections, s)
	}
	return p.draw()
}

// version is the name and version of a program that took part.
func (r *Run) version(name string) string {
	for _, v := range r.Versions {
		if v.Name == name {
			return name + " " + v.Version
		}
	}
	return name
}

// rows are the scenarios' clients.
func rows(scenarios []Scenario) []row {
	var list []row
	for _, s := range scenarios {
		pool := s.Group == Pool
		for i, c := range s.Clients {
			r := row{Rule: s.Rule != "", Bars: bars(&c)}
			if i == 0 {
				r.Pod = s.Title
			}
			if len(s.Clients) > 1 || s.Group == Change || s.Group == Stop {
				r.Client = c.Name
			}
			if n := len(c.Connections); n > 0 {
				r.End = c.Connections[n-1].To
				r.Outcome, r.Bad = outcome(&c, pool)
			} else if c.Refused() > 0 {
				r.Outcome, r.Bad = c.Fate(), true
			}
			for _, q := range c.Requests {
				if pool && q.Error != "" {
					r.Failed = append(r.Failed, q.At+q.Took)
				}
			}
			if c.Stopped < 0 { // the pod's other clients count from before SIGTERM
				r.shift(s.Clients[0].Stopped - c.Stopped)
			}
			list = append(list, r)
		}
	}
	return list
}

// shift moves what the row shows to a later time.
func (r *row) shift(by float64) {
	r.End += by
	for i := range r.Bars {
		r.Bars[i].From += by
		r.Bars[i].To += by
	}
}

// bars are the client's connections.
func bars(c *Client) []bar {
	var list []bar
	for _, connection := range c.Connections {
		b := bar{From: connection.From, To: connection.To}
		switch connection.End {
		case Open:
			b.Class, b.Mark = "alive", "arrow"
		case TimedOut:
			b.Class, b.Mark = "waiting", "cross"
		case Silent:
			b.Class = "waiting"
			for _, q := range c.Requests {
				if q.At > b.From && q.At <= connection.To {
					b.To = q.At
				}
			}
			list = append(list, b)
			b = bar{From: b.To, To: connection.To, Class: "hang"}
		default:
			b.Class, b.Mark = "cut", "cross"
		}
		list = append(list, b)
	}
	return list
}

// outcome says what became of a client that had connections: of them, or of a pool's requests.
func outcome(c *Client, pool bool) (words string, bad bool) {
	words = c.Fate()
	failed := c.Failed()
	switch {
	case pool && failed > 0:
		words = fmt.Sprintf("%d of %d failed", failed, len(c.Requests))
	case pool && c.Slowest() > 1:
		words = "no request failed, one took " + Round(c.Slowest())
	case pool:
		words = "no request failed"
	}
	last := c.Connections[len(c.Connections)-1]
	if texts := c.Errors(); len(texts) > 0 {
		words += ": " + core(texts[0])
	} else if last.Cause == ByDeath && last.End != Open {
		words += ": " + core(last.Error)
	}
	return words, failed > 0 || !pool && c.Cut() > 0
}

// draw places everything, from top to bottom, and writes the picture.
func (p *picture) draw() ([]byte, error) {
	const heading, moment, line, gap = 40, 12, 19, 6
	y, last := 108.0, 0.0
	for i := range p.Sections {
		s := &p.Sections[i]
		s.Y = y
		y += heading
		if s.Moment != "" {
			y += moment
		}
		s.Top = y
		for j := range s.Rows {
			r := &s.Rows[j]
			if p.Requests && j > 0 && r.Pod != "" {
				y += gap
			}
			r.Y = y + line/2.0
			y += line
			last = max(last, r.End)
		}
		s.Bottom = y - 4
		if p.Requests {
			y += gap
		}
	}
	p.Bottom = y + gap
	for s := 0.0; s < last+10; s += 10 {
		p.Seconds = append(p.Seconds, s)
	}
	return drawing.Draw(pictureTemplate, template.FuncMap{
		"px":  func(seconds float64) float64 { return math.Round(seconds*56) / 10 },
		"add": func(a, b float64) float64 { return a + b },
	}, p)
}
