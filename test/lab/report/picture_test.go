package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// stress is a run with the longest texts and the latest times that the pictures must hold.
func stress() *Run {
	long := Client{
		Name: "mysql transaction", Changed: 6.5, Every: 12,
		Connections: []Connection{{To: 51.9, End: Closed, Cause: ByChange}},
		Requests:    []Request{{Took: 51.9, Error: "invalid connection"}},
	}
	waiting := Client{
		Name: "no keepalive", Died: 6.5,
		Connections: []Connection{{To: 44, End: Silent, Cause: ByDeath}},
		Requests:    []Request{{}, {At: 34, Took: 10, Error: "read tcp 198.19.0.6:1->198.18.100.1:6379: i/o timeout"}},
	}
	alive := Client{Name: "long query", Connections: []Connection{{To: 65, End: Open}}, Requests: []Request{{}}}
	ended := Client{
		Name: "in use for longer", Stopped: 6.5, Requests: []Request{{}, {At: 6, Error: "connection refused"}},
		Connections: []Connection{{To: 36.5, End: Closed, Cause: ByStop}},
	}
	refused := Client{Name: "opened after SIGTERM", Stopped: -7, Requests: []Request{{Error: "connection refused"}}}
	title := "idleTimeout, drainDuration"
	return &Run{
		Settings: Settings{MeshIdle: 10, IstioIdle: 3600, Drain: 45},
		Versions: []Version{{"Istio", "1.31.0"}, {"Envoy", "1.40.0"}},
		Scenarios: []Scenario{
			{Group: Idle, Title: "no sidecar", Clients: []Client{alive, alive}},
			{Group: Change, Title: title, Rule: "x", Clients: []Client{{Name: "long query", Changed: 6.5, Connections: long.Connections, Requests: long.Requests}, alive}},
			{Group: Middlebox, Title: title, Rule: "x", Forgets: 15, Clients: []Client{waiting}},
			{Group: Dead, Title: title, Rule: "x", Clients: []Client{waiting}},
			{Group: Start, Title: "native sidecar, no rule", Clients: []Client{refused}},
			{Group: Stop, Title: "sidecarStopsLast", Rule: "x", Clients: []Client{ended, refused}},
			{Group: Pool, Title: "sidecar, no rule", Clients: []Client{long, alive}},
			{Group: Pool, Title: title[:16], Rule: "x", Forgets: 20, Clients: []Client{waiting, alive}},
		},
	}
}

func pictures(t *testing.T, r *Run) map[string][]byte {
	t.Helper()
	files, err := r.Files()
	if missing := new(missingError); err != nil && !errors.As(err, &missing) {
		t.Fatal(err)
	}
	delete(files, "why-connections-die.md")
	if len(files) != 2 {
		t.Fatalf("got %d pictures, want 2", len(files))
	}
	return files
}

// box is where a text stands.
type box struct {
	text                     string
	left, top, right, bottom float64
}

// element is one of a picture's elements.
type element struct {
	XMLName   xml.Name
	Class     string    `xml:"class,attr"`
	Transform string    `xml:"transform,attr"`
	Width     float64   `xml:"width,attr"`
	Height    float64   `xml:"height,attr"`
	X         float64   `xml:"x,attr"`
	DX        float64   `xml:"dx,attr"`
	Y         float64   `xml:"y,attr"`
	Text      string    `xml:",chardata"`
	Elements  []element `xml:",any"`
}

// read gives a picture's elements below the root, with places on the page.
func read(t *testing.T, picture []byte) (root element, all []element) {
	t.Helper()
	if err := xml.Unmarshal(picture, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(parent element, x, y float64)
	walk = func(parent element, x, y float64) {
		for _, e := range parent.Elements {
			e.X, e.Y = x+e.X+e.DX, y+e.Y
			all = append(all, e)
			var dx, dy float64
			if _, err := fmt.Sscanf(e.Transform, "translate(%g %g)", &dx, &dy); err != nil && e.Transform != "" && e.XMLName.Local == "g" {
				t.Fatalf("%s: %v", e.Transform, err)
			}
			walk(e, x+dx, y+dy)
		}
	}
	walk(root, 0, 0)
	return root, all
}

// box is where a text stands. Its width is estimated for DejaVu Sans, one of the widest
// fonts that stand in for "sans-serif".
func (e *element) box() box {
	size, perCharacter := 11.0, 0.55
	for class, font := range map[string]float64{"title": 17, "heading": 13, "intro": 12, "tick": 10} {
		if strings.Contains(e.Class, class) {
			size = font
		}
	}
	if size > 12 || strings.Contains(e.Class, "mono") {
		perCharacter = 0.61
	}
	width, left := float64(len([]rune(e.Text)))*size*perCharacter, e.X
	if strings.Contains(e.Class, "right") {
		left -= width
	}
	if strings.Contains(e.Class, "centre") {
		left -= width / 2
	}
	return box{e.Text, left, e.Y - 0.75*size, left + width, e.Y + 0.2*size}
}

// No text covers another, and none leaves the page: with the committed run, and with the
// longest texts.
func TestTextsStandFree(t *testing.T) {
	for run, r := range map[string]*Run{"reference": reference(t), "stress": stress()} {
		for name, picture := range pictures(t, r) {
			page, elements := read(t, picture)
			var texts []box
			for _, e := range elements {
				if e.XMLName.Local == "text" {
					texts = append(texts, e.box())
				}
			}
			for i, a := range texts {
				if a.left < 0 || a.right > page.Width || a.top < 0 || a.bottom > page.Height {
					t.Errorf("%s %s: text %q leaves the page: from %.0f to %.0f of %.0f, %.0f of %.0f", run, name, a.text, a.left, a.right, page.Width, a.bottom, page.Height)
				}
				for _, b := range texts[:i] {
					if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
						t.Errorf("%s %s: texts %q and %q overlap", run, name, a.text, b.text)
					}
				}
			}
		}
	}
}

// The pictures load nothing, and have a bar for every connection.
func TestPictures(t *testing.T) {
	r := reference(t)
	for name, picture := range pictures(t, r) {
		connections := 0
		for _, s := range r.Scenarios {
			if s.Group == Scope || s.Group == Objects {
				continue // tables of the page, not bars
			}
			if (s.Group == Pool) == (name == "lab-pools.svg") {
				for _, c := range s.Clients {
					connections += len(c.Connections)
				}
			}
		}
		text := strings.Replace(string(picture), "http://www.w3.org/2000/svg", "", 1)
		text = strings.ReplaceAll(text, `href="#`, "") // its own shapes
		for _, foreign := range []string{"http:", "https:", "href", "@import", "<script"} {
			if strings.Contains(text, foreign) {
				t.Errorf("%s: got %q in it, want nothing that loads", name, foreign)
			}
		}
		bars := -3 // the legend's
		_, elements := read(t, picture)
		for _, e := range elements {
			if e.XMLName.Local == "rect" && slices.Contains([]string{"alive", "cut", "waiting"}, e.Class) {
				bars++
			}
		}
		if bars != connections {
			t.Errorf("%s: got %d bars besides the legend's, want %d, one per connection", name, bars, connections)
		}
	}
}

// A client that began after SIGTERM stands after it, with its connection or without.
func TestLateRows(t *testing.T) {
	late := Client{Stopped: -7, Connections: []Connection{{From: 1, To: 5, End: Open}}, Requests: []Request{{At: 1}}}
	refused := Client{Stopped: -7, Requests: []Request{{Error: "connection refused"}}}
	got := rows([]Scenario{{Group: Stop, Clients: []Client{{Stopped: 5}, late, refused}}})
	if bar := got[1].Bars[0]; bar.From != 13 || bar.To != 17 || got[1].End != 17 {
		t.Errorf("got a bar from %v to %v, its words at %v, want 13, 17 and 17", bar.From, bar.To, got[1].End)
	}
	if got[2].Outcome != "refused" || !got[2].Bad || got[2].End != 12 {
		t.Errorf("got %+v, want refused, at 12", got[2])
	}
}
