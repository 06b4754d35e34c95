package rules

// Severity of a Problem.
type Severity string

const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one finding in a rules file.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1
	Column   int      `json:"column"` // from 1, in characters
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`    // stable, CamelCase: see codes.go
	Path     string   `json:"path"`    // "rules[2].destinations.ports[0]"
	Message  string   `json:"message"` // "got X, want Y", and what to do
}

// String is "rules.yaml:12:9: error BadPort: rules[0].destinations.ports[1]: got 70000, want 1-65535".
func (p Problem) String() string { panic("skeleton") }

// Problems are all findings of a file, in text order.
type Problems []Problem

// HasErrors says whether any finding is an error.
func (ps Problems) HasErrors() bool { panic("skeleton") }

// Error lists the errors, a line each, so that Problems serve as an error.
func (ps Problems) Error() string { panic("skeleton") }
