package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
)

//go:embed why.md.tmpl
var whyTemplate string

// Files are what follows from the run, by name. An error says what is missing, and why.
func (r *Run) Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	var problem error
	for name, write := range map[string]func() ([]byte, error){
		"lab.svg": r.timeline, "lab-pools.svg": r.poolTimeline, "why-connections-die.md": r.Document,
	} {
		content, err := write()
		if err == nil {
			files[name] = content
		}
		problem = errors.Join(problem, err)
	}
	return files, problem
}

// Document writes docs/why-connections-die.md: words from why.md.tmpl, numbers and error
// texts from the run. Words that name a scenario which the run does not have are an error.
func (r *Run) Document() ([]byte, error) {
	page, err := template.New("why.md.tmpl").Funcs(template.FuncMap{
		"client":   r.client,
		"scenario": r.scenario,
		"counter":  r.counter,
		"sockets":  r.sockets,
		"pools":    func() []Scenario { return r.Group(Pool) },
		"objects":  func() []Scenario { return r.Group(Objects) },
		"seconds":  Seconds,
		"round":    Round,
		"hours":    Hours,
		"first":    func(c *Client) Connection { return c.Connections[0] },
		"after":    func(c *Client) float64 { return c.Connections[0].To - c.Changed },
		"noticed":  func(c *Client) float64 { return c.Connections[0].To - c.Died },
		"sigterm":  func(c *Client) float64 { return c.Connections[0].To - c.Stopped },
		"cause":    func(s Scenario) string { title, _ := r.heading(s.Cause()); return title },
		"code":     code,
		"list":     func(texts ...string) []string { return texts },
	}).Option("missingkey=error").Parse(whyTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, r); err != nil {
		if missing := new(missingError); errors.As(err, &missing) {
			return nil, missing // without the template's own words around it
		}
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return out.Bytes(), nil
}

// missingError is a scenario that the page speaks of and the run does not have.
type missingError struct{ scenario string }

func (e *missingError) Error() string {
	return fmt.Sprintf("got no scenario %s, want a run of all scenarios", e.scenario)
}

// scenario finds a scenario by its pod's name.
func (r *Run) scenario(name string) (*Scenario, error) {
	for i := range r.Scenarios {
		if r.Scenarios[i].Name == name {
			return &r.Scenarios[i], nil
		}
	}
	return nil, &missingError{name}
}

// client finds a client that has at least one connection.
func (r *Run) client(scenario, name string) (*Client, error) {
	s, err := r.scenario(scenario)
	if err != nil {
		return nil, err
	}
	for i := range s.Clients {
		if s.Clients[i].Name == name && len(s.Clients[i].Connections) > 0 {
			return &s.Clients[i], nil
		}
	}
	return nil, fmt.Errorf("scenario %s: got no client %q with a connection", scenario, name)
}

// counter finds one of Envoy's counters; one that did not move is zero.
func (r *Run) counter(scenario, name string) (Counter, error) {
	s, err := r.scenario(scenario)
	if err != nil {
		return Counter{}, err
	}
	return s.Envoy[name], nil
}

// sockets are the lines of ss about connections to a port of the servers, each with whose it
// is, less the sidecar's side of the application's connection, which says nothing more.
func (r *Run) sockets(scenario, port string) (string, error) {
	s, err := r.scenario(scenario)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, socket := range s.Sockets {
		if strings.Contains(socket.Line, ":"+port) {
			lines = append(lines, fmt.Sprintf("%-12s %s", socket.Owner+":", socket.Line))
		}
	}
	if lines == nil {
		return "", fmt.Errorf("scenario %s: got no socket to port %s", scenario, port)
	}
	return strings.Join(lines, "\n"), nil
}

// code joins texts as Markdown code.
func code(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	return "`" + strings.Join(texts, "`, `") + "`"
}
