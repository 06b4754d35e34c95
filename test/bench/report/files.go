package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"

	"github.com/holdfast-mesh/holdfast/test/bench/pods"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/results"
)

// Names of the files in docs.
const (
	jsonFile    = "speed.json"
	pageFile    = "speed.md"
	pictureFile = "speed.svg"
)

//go:embed speed.md.tmpl
var pageTemplate string

// Files are the run and what follows from it, by name.
func (r *Run) Files() (map[string]string, error) {
	files := map[string]string{}
	for name, write := range map[string]func() ([]byte, error){
		jsonFile: func() ([]byte, error) { return results.JSON(r) }, pageFile: r.page, pictureFile: r.picture,
	} {
		content, err := write()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = string(content)
	}
	return files, nil
}

// page writes docs/speed.md: words from the template, numbers from the run.
func (r *Run) page() ([]byte, error) {
	page, err := template.New(pageFile).Funcs(template.FuncMap{
		"kb": func(n int) string { return fmt.Sprintf("%.1f KB", float64(n)/1e3) },
		"x":  func(ratio float64) string { return fmt.Sprintf("%.2f", ratio) },
	}).Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, r)
	return out.Bytes(), err
}

// Summary is what README says of the run: what some variants add, as multiples of the limit.
func (r *Run) Summary() string {
	table := Table{Head: []string{"adds, x the limit"}}
	for _, size := range r.Sizes {
		table.Head = append(table.Head, fmt.Sprintf("%s pod, %.1f KB", size.Name, float64(size.Pod)/1e3))
	}
	for _, name := range []string{
		variant.Bare, variant.NoOp, variant.Policy, variant.Conventional,
		variant.Holdfast(variant.Few, pods.Plain), variant.Holdfast(variant.Many, pods.Plain), variant.Holdfast(variant.Few, pods.Nowhere),
	} {
		row := []string{r.of(name).Title}
		for i := range r.Sizes {
			cell := multiple(r.Added(name, i), r.Added(variant.Bare, i))
			if name == variant.Bare {
				cell = fmt.Sprintf("%.1f ms = %s", r.Added(name, i).P50, cell)
			}
			row = append(row, cell)
		}
		table.Rows = append(table.Rows, row)
	}
	met := 0
	verdicts := r.Verdicts()
	for _, v := range verdicts {
		if v.Met() {
			met++
		}
	}
	return fmt.Sprintf("Measured on %s:\n\n%s\nOf the %d ratios that are wanted, %d are met.\n", r.Machine, table.Markdown(), len(verdicts), met)
}
