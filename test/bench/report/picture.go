package report

import (
	_ "embed"
	"fmt"
	"math"
	"strings"

	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/picture"
)

//go:embed picture.svg.tmpl
var pictureTemplate string

// bars is the picture: a row for each variant, a column for each size. All numbers are pixels.
type bars struct {
	Title   string
	Text    [2]string
	Rows    []label
	Columns []column
	Bottom  int // of the rows
	Height  int
}

// label is what a row is about.
type label struct {
	Y     int
	Title string
}

// column is one size, on a scale of its own.
type column struct {
	X     int
	Title string
	Bars  []bar
	Limit float64 // where the limit's bar ends
}

// bar is what one variant adds.
type bar struct {
	Y      int
	Length float64
	Class  string // of picture.svg.tmpl
	Text   string
}

const (
	firstRow, rowHeight       = 122, 20
	firstColumn, columnWidth  = 296, 200
	longestBar, bottomPadding = 84, 12
)

// picture draws what each variant adds.
func (r *Run) picture() ([]byte, error) {
	p := bars{
		Title: "What a webhook adds to the creation of a pod",
		Text: [2]string{
			"Median over no webhook, through a real API server, variants in turn; and that as a multiple of the limit, a bare server with holdfast's patch.",
			r.Machine.String() + ".",
		},
	}
	for size, of := range r.Sizes {
		longest := 0.0
		for _, v := range r.Variants {
			longest = max(longest, r.Added(v.Name, size).P50)
		}
		pixels := func(ms float64) float64 { return math.Round(max(ms, 0)/longest*longestBar*10) / 10 }
		limit := r.Added(variant.Bare, size)
		c := column{X: firstColumn + size*columnWidth, Title: fmt.Sprintf("%s pod, %.1f KB", of.Name, float64(of.Pod)/1e3), Limit: pixels(limit.P50)}
		for i, v := range r.Variants[1:] { // the first is no webhook
			added := r.Added(v.Name, size)
			c.Bars = append(c.Bars, bar{
				Y: firstRow + i*rowHeight, Length: pixels(added.P50), Class: class(v.Name),
				Text: fmt.Sprintf("%.2f ms, %s x", added.P50, multiple(added, limit)),
			})
		}
		p.Columns = append(p.Columns, c)
	}
	for i, v := range r.Variants[1:] {
		p.Rows = append(p.Rows, label{firstRow + i*rowHeight + 9, v.Title})
	}
	p.Bottom = firstRow + len(p.Rows)*rowHeight
	p.Height = p.Bottom + bottomPadding
	return picture.Draw(pictureTemplate, nil, p)
}

// class is a bar's colour.
func class(name string) string {
	switch {
	case name == variant.Bare:
		return "limit"
	case strings.HasPrefix(name, "holdfast"):
		return "alive"
	}
	return "other"
}
