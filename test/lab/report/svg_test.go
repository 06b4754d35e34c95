package report

import (
	"encoding/xml"
	"errors"
	"io"
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
	title := "idleTimeout, drainDuration"
	return &Run{
		Settings: Settings{MeshIdle: 10, IstioIdle: 3600, Drain: 45},
		Versions: []Version{{"Istio", "1.31.0"}, {"Envoy", "1.40.0"}},
		Scenarios: []Scenario{
			{Group: Idle, Title: "no sidecar", Clients: []Client{alive, alive}},
			{Group: Change, Title: title, Rule: "x", Clients: []Client{{Name: "long query", Changed: 6.5, Connections: long.Connections, Requests: long.Requests}, alive}},
			{Group: Middlebox, Title: title, Rule: "x", Forgets: 15, Clients: []Client{waiting}},
			{Group: Dead, Title: title, Rule: "x", Clients: []Client{waiting}},
			{Group: Pool, Title: "sidecar, no rule", Clients: []Client{long, alive}},
			{Group: Pool, Title: title[:16], Rule: "x", Forgets: 20, Clients: []Client{waiting, alive}},
		},
	}
}

func pictures(r *Run) map[string]*canvas {
	return map[string]*canvas{"lab.svg": r.timeline(), "lab-pools.svg": r.poolTimeline()}
}

// No text covers another, and none leaves the page: with the committed run, and with the
// longest texts.
func TestTextsStandFree(t *testing.T) {
	for run, r := range map[string]*Run{"reference": reference(t), "stress": stress()} {
		for name, picture := range pictures(r) {
			for i, a := range picture.boxes {
				if a.left < 0 || a.right > picture.width || a.top < 0 || a.bottom > picture.height {
					t.Errorf("%s %s: text %q leaves the page: from %.0f to %.0f of %.0f", run, name, a.text, a.left, a.right, picture.width)
				}
				for _, b := range picture.boxes[:i] {
					if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
						t.Errorf("%s %s: texts %q and %q overlap", run, name, a.text, b.text)
					}
				}
			}
		}
	}
}

// The pictures are well-formed, load nothing, and have a bar for every connection.
func TestPictures(t *testing.T) {
	r := reference(t)
	for name, picture := range pictures(r) {
		connections, bars := 0, 0
		for _, s := range r.Scenarios {
			if (s.Group == Pool) == (name == "lab-pools.svg") {
				for _, c := range s.Clients {
					connections += len(c.Connections)
				}
			}
		}
		text := string(picture.svg("title", "description"))
		for _, foreign := range []string{"http:", "https:", "href", "@import", "<script"} {
			if strings.Contains(strings.Replace(text, "http://www.w3.org/2000/svg", "", 1), foreign) {
				t.Errorf("%s: got %q in it, want nothing that loads", name, foreign)
			}
		}
		decoder := xml.NewDecoder(strings.NewReader(text))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			start, ok := token.(xml.StartElement)
			if !ok || start.Name.Local != "rect" {
				continue
			}
			for _, attribute := range start.Attr {
				if attribute.Name.Local == "class" && (attribute.Value == "alive" || attribute.Value == "cut" || attribute.Value == "waiting") {
					bars++
				}
			}
		}
		const legend = 3
		if bars != connections+legend {
			t.Errorf("%s: got %d bars besides the legend's, want %d, one per connection", name, bars-legend, connections)
		}
	}
}
