package load

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity of a Problem.
type Severity string

const (
	// Error makes a file unusable.
	Error Severity = "error"
	// Warning is something that probably is not meant so.
	Warning Severity = "warning"
)

// Problem is one finding in a rules file.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1
	Column   int      `json:"column"` // from 1, in characters
	Severity Severity `json:"severity"`
	Code     Code     `json:"code"`
	Path     string   `json:"path"`    // "rules[2].destinations.ports[0]"; empty for the file as a whole
	Message  string   `json:"message"` // "got X, want Y", and what to do; one line
}

// String is "rules.yaml:12:9: error BadPort: rules[0].destinations.ports[1]: got 70000, want 1-65535".
func (p Problem) String() string {
	path := p.Path
	if path != "" {
		path += ": "
	}
	return fmt.Sprintf("%s:%d:%d: %s %s: %s%s", p.File, p.Line, p.Column, p.Severity, p.Code, path, p.Message)
}

// Problems are all findings of a file, in text order.
type Problems []Problem

// Unreadable is the only problem of a file whose text cannot be had.
func Unreadable(name string, err error) Problems {
	return Problems{{
		File: name, Line: 1, Column: 1, Severity: Error, Code: unreadable,
		Message: "got no text, want a rules file: " + oneLine(err.Error()),
	}}
}

// HasErrors reports whether any finding is an error.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}

// Error lists the errors, a line each, so that Problems serve as an error.
// Warnings are left out.
func (ps Problems) Error() string {
	var lines []string
	for _, p := range ps {
		if p.Severity == Error {
			lines = append(lines, p.String())
		}
	}
	return strings.Join(lines, "\n")
}

// sort brings the findings into text order. Two at one place keep a fixed
// order, so that the same file always gives the same report.
func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Severity, b.Severity), // "error" < "warning"
			cmp.Compare(a.Path, b.Path),
		)
	})
}

// withoutRepeats drops findings that say the same of the same place: a value
// behind an alias is met once per use.
func (ps Problems) withoutRepeats() Problems {
	seen := make(map[Problem]bool, len(ps))
	return slices.DeleteFunc(ps, func(p Problem) bool {
		p.Path = ""
		repeat := seen[p]
		seen[p] = true
		return repeat
	})
}
