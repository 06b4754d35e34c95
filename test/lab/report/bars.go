package report

import "fmt"

// label writes the pod's title before its first client, and the client's name where it
// says something.
func (d *drawing) label(s Scenario, c Client, first bool) {
	baseline := d.y + rowHeight/2 + 4
	if first {
		class := ""
		if s.Rule != "" {
			class = "mono"
		}
		d.text(margin, baseline, class, atStart, small, s.Title)
	}
	if len(s.Clients) > 1 || s.Group == Change {
		d.text(plotLeft-10, baseline, "muted", atEnd, small, c.Name)
	}
}

// connections draws a bar for each of the client's connections.
func (d *drawing) connections(c Client) {
	middle := d.y + rowHeight/2
	for _, connection := range c.Connections {
		d.last = max(d.last, connection.To)
		from, to := x(connection.From), x(connection.To)
		switch connection.End {
		case Open:
			d.bar(from, to, middle, "alive")
			d.arrow(to, middle)
		case Silent:
			asked := connection.To
			for _, q := range c.Requests {
				if q.At <= connection.To && q.At > connection.From {
					asked = q.At
				}
			}
			d.bar(from, x(asked), middle, "waiting")
			d.rect(x(asked), middle-barHeight/2, to-x(asked), barHeight, 1, "hang")
		case TimedOut:
			d.bar(from, to, middle, "waiting")
			d.cross(to, middle, 3.5)
		default:
			d.bar(from, to, middle, "cut")
			d.cross(to, middle, 3.5)
		}
	}
}

func (d *drawing) bar(from, to, middle float64, class string) {
	d.rect(from, middle-barHeight/2, to-from, barHeight, 2, class)
}

// arrow says that the connection goes on.
func (d *drawing) arrow(at, middle float64) {
	d.path("arrow", fmt.Sprintf("M%s %sl6 %sl-6 %sz", number(at), number(middle-barHeight/2-1.5), number(barHeight/2+1.5), number(barHeight/2+1.5)))
}

// request marks a failed request on a pool's row.
func (d *drawing) request(q Request) {
	if q.Error != "" {
		d.failure(x(q.At+q.Took), d.y+rowHeight/2)
	}
}

// failure is an exclamation mark in a disc.
func (d *drawing) failure(at, middle float64) {
	d.rect(at-6, middle-6, 12, 12, 6, "failed")
	d.rect(at-0.9, middle-3.8, 1.8, 4.6, 0.5, "mark")
	d.rect(at-0.9, middle+1.9, 1.8, 1.8, 0.9, "mark")
}

// outcome says in words what the bar shows, right of it.
func (d *drawing) outcome(c Client) {
	if len(c.Connections) == 0 {
		return
	}
	words, class := c.Fate(), ""
	if d.dots {
		words = "no request failed"
		if n := c.Failed(); n > 0 {
			words = fmt.Sprintf("%d of %d failed", n, len(c.Requests))
		} else if c.Slowest() > 1 {
			words += ", one took " + Round(c.Slowest())
		}
	}
	if texts := c.Errors(); len(texts) > 0 {
		words += ": " + core(texts[0])
	} else if last := c.Connections[len(c.Connections)-1]; last.End == TimedOut {
		words += ": " + core(last.Error)
	}
	if c.Failed() > 0 || !d.dots && c.Cut() > 0 {
		class = "bad"
	}
	end := c.Connections[len(c.Connections)-1].To
	d.text(x(end)+13, d.y+rowHeight/2+4, class, atStart, small, words)
}
