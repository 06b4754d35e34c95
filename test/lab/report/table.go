package report

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// groups is the order in which they are shown.
var groups = [...]string{Idle, Change, Middlebox, Dead, Start, Stop, Scope, Objects, Pool}

// Table writes the run as a table for the terminal.
func (r *Run) Table(out io.Writer) error {
	fmt.Fprintf(out, "\n%s, %s\n", r.version("Istio"), r.version("Envoy"))
	for _, group := range groups {
		scenarios := r.Group(group)
		if len(scenarios) == 0 {
			continue
		}
		title, text := r.heading(group)
		fmt.Fprintf(out, "\n%s: %s\n", title, text)
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "    POD\tSTRATEGY\tCLIENT\tCONNECTION\tWHAT THE APPLICATION SAW\tSLOWEST")
		for _, s := range scenarios {
			for i, c := range s.Clients {
				mark, name, title := "ok", s.Name, s.Title
				if group == Objects {
					title += "; " + s.Change
				}
				if c.Problem != "" || i == 0 && s.Problem != "" {
					mark = "!!"
				}
				if i > 0 {
					name, title = "", ""
				}
				fmt.Fprintf(table, "%s  %s\t%s\t%s\t%s\t%s\t%s\n", mark, name, title, c.Name, c.Fate(), c.Answers(), Seconds(c.Slowest()))
			}
		}
		if err := table.Flush(); err != nil {
			return err
		}
		sidecars(out, scenarios)
	}
	fmt.Fprintln(out)
	problems := r.Problems()
	for _, problem := range problems {
		fmt.Fprintln(out, "!!", problem)
	}
	checks := len(r.Scenarios) // one of each pod, and one of each client
	for _, s := range r.Scenarios {
		checks += len(s.Clients)
	}
	_, err := fmt.Fprintf(out, "%d passed, %d failed\n", checks-len(problems), len(problems))
	return err
}

// sidecars writes what Envoy counted, and how long it took to end.
func sidecars(out io.Writer, scenarios []Scenario) {
	for _, s := range scenarios {
		text := s.Counters()
		if s.Termination > 0 {
			text += "; ended within " + Seconds(s.Termination) + " of SIGTERM"
		}
		if text != "" {
			fmt.Fprintf(out, "    Envoy of %s: %s\n", s.Name, text)
		}
	}
}

// Group returns the scenarios of a group.
func (r *Run) Group(group string) []Scenario {
	var list []Scenario
	for _, s := range r.Scenarios {
		if s.Group == group {
			list = append(list, s)
		}
	}
	return list
}
