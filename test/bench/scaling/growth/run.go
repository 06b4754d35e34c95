// Package growth is what a run of test/bench/scaling measured, and the ways to show it: tables for
// the terminal, and docs/scaling.json with the page that follows from it and from docs/soak.json.
package growth

import "github.com/holdfast-mesh/holdfast/test/bench/report"

// Run is all that was measured on one machine.
type Run struct {
	Machine  report.Machine `json:"machine"`
	Requests int            `json:"requests"` // of each input, seen and new
	Inputs   []Input        `json:"inputs"`
	Loads    []Load         `json:"loads"`
}

// Input is something of which there may be more or less.
type Input struct {
	Title string `json:"title"`
	// Wanted is the law that the time of a decision may follow at most.
	Wanted Law   `json:"wanted"`
	Rows   []Row `json:"rows"`
}

// Row is what was measured with so much of an input.
type Row struct {
	N    int  `json:"n"`
	Seen Time `json:"seen"` // pods whose texts were read before
	New  Time `json:"new"`  // pods with a text that is new
	// Resident is the memory of the process after it was asked.
	Resident report.Memory `json:"resident"`
}

// Time is the median of an answer, beside that of a process that was asked in turn and so had the same
// noise: the same one for all amounts, with the least of the input and without a cluster.
type Time struct {
	Milliseconds float64 `json:"milliseconds"`
	Beside       float64 `json:"besideMilliseconds"`
}

// x is the ratio of both.
func (t Time) x() float64 { return t.Milliseconds / t.Beside }

// Load is what loading rules took.
type Load struct {
	Rules int    `json:"rules"`
	Form  string `json:"form,omitempty"` // of the text, if it is not a file with YAML
	Bytes int    `json:"bytes"`
	// Milliseconds is the median of parsing and compiling, in a process that does nothing else.
	Milliseconds float64 `json:"milliseconds"`
	// Resident is the memory of a process with these rules after an edit; Start is the most that it
	// had had when it was ready, Edit the most while edited rules were loaded beside those in force.
	Resident int64 `json:"residentBytes"`
	Start    int64 `json:"startBytes"`
	Edit     int64 `json:"editBytes"`
}

// Title names it.
func (l *Load) Title() string {
	title := number(l.Rules) + " rules"
	if l.Form != "" {
		title += ", " + l.Form
	}
	return title
}

// x is the ratio of a peak to what is resident.
func (l *Load) x(peak int64) float64 { return float64(peak) / float64(l.Resident) }
