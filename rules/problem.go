package rules

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Severity of a Problem.
type Severity string

const (
	// SeverityError makes a file unusable.
	SeverityError Severity = "error"
	// SeverityWarning is something that probably is not meant so.
	SeverityWarning Severity = "warning"
)

// Problem is one finding in a rules file.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1
	Column   int      `json:"column"` // from 1, in characters
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`    // stable, CamelCase: see codes.go
	Path     string   `json:"path"`    // "rules[2].destinations.ports[0]"; empty for the file as a whole
	Message  string   `json:"message"` // "got X, want Y", and what to do; one line
}

// String is "rules.yaml:12:9: error BadPort: rules[0].destinations.ports[1]: got 70000, want 1-65535".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	b.WriteByte(':')
	b.WriteString(strconv.Itoa(p.Line))
	b.WriteByte(':')
	b.WriteString(strconv.Itoa(p.Column))
	b.WriteString(": ")
	b.WriteString(string(p.Severity))
	b.WriteByte(' ')
	b.WriteString(p.Code)
	b.WriteString(": ")
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems are all findings of a file, in text order.
type Problems []Problem

// HasErrors says whether any finding is an error.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == SeverityError })
}

// Error lists the errors, a line each, so that Problems serve as an error.
// Warnings are left out.
func (ps Problems) Error() string {
	var b strings.Builder
	for _, p := range ps {
		if p.Severity != SeverityError {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
	}
	return b.String()
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
// behind an alias is met once per use. The findings are sorted.
func (ps Problems) withoutRepeats() Problems {
	kept := ps[:0]
	for i, p := range ps {
		repeat := false
		for j := i - 1; j >= 0 && ps[j].Line == p.Line && ps[j].Column == p.Column && !repeat; j-- {
			repeat = ps[j].Code == p.Code && ps[j].Message == p.Message
		}
		if !repeat {
			kept = append(kept, p)
		}
	}
	return kept
}
