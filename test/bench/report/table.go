package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/holdfast-mesh/holdfast/test/bench/variant"
)

// Table is a table with a heading.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// Print writes a table for the terminal.
func (t Table) Print(out io.Writer) error {
	fmt.Fprintf(out, "\n%s\n", t.Title)
	writer := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		fmt.Fprintln(writer, strings.Join(row, "\t"))
	}
	return writer.Flush()
}

// Markdown writes a table for a page.
func (t Table) Markdown() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.Head)
	line(strings.Split(strings.TrimSuffix(strings.Repeat("---,", len(t.Head)), ","), ","))
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}

// Tables are all that was measured.
func (r *Run) Tables() []Table {
	created := Table{
		Title: fmt.Sprintf("Pods created one after the other, %d of each: p50 / p99 in ms; what the variant adds to p50; x the limit", r.Settings.Requests),
		Head:  r.head("ms", "added", "x"),
	}
	direct := Table{
		Title: fmt.Sprintf("The servers alone, over HTTP/1.1 with TLS, %d reviews of each: p50 / p99 in ms; x the bare server that patches", r.Settings.Direct),
		Head:  r.head("ms", "x"),
	}
	crowd := Table{
		Title: fmt.Sprintf("Pods created by %d clients at once: a second; p99 in ms; ms that the server used a core for each; memory of the server afterwards, its own and of the program's file", r.Settings.Clients),
		Head:  append(r.head("/s", "p99", "core"), "own MiB", "file MiB"),
	}
	for _, v := range r.Variants {
		one, alone, together := []string{v.Title}, []string{v.Title}, []string{v.Title}
		for i, m := range v.Sizes {
			added, x := "", ""
			if v.Name != variant.None {
				added = fmt.Sprintf("%.2f", r.Added(v.Name, i).P50)
				x = multiple(r.Added(v.Name, i), r.Added(variant.Bare, i))
			}
			one = append(one, fmt.Sprintf("%.2f / %.2f", m.Created.P50, m.Created.P99), added, x)
			together = append(together, fmt.Sprintf("%.0f", Median(m.Crowd.Rates)), fmt.Sprintf("%.1f", m.Crowd.P99), ms(m.Crowd.CPU))
			if m.Direct != nil {
				alone = append(alone, fmt.Sprintf("%.2f / %.2f", m.Direct.P50, m.Direct.P99), multiple(*m.Direct, *r.of(variant.Bare).Sizes[i].Direct))
			}
		}
		own, file := "", ""
		if v.Resident != nil {
			own, file = fmt.Sprintf("%.0f", mib(v.Resident.Own)), fmt.Sprintf("%.0f", mib(v.Resident.File))
		}
		if len(alone) > 1 {
			direct.Rows = append(direct.Rows, alone)
		}
		created.Rows = append(created.Rows, one)
		crowd.Rows = append(crowd.Rows, append(together, own, file))
	}
	return []Table{created, direct, crowd}
}

// Inside are tables of what servers say of themselves.
func (r *Run) Inside() []Table {
	added := Table{
		Title: "Pods created one after the other: what a variant adds to p50; in its server; the rest; in ms",
		Head:  r.head("added", "server", "rest"),
	}
	direct := Table{
		Title: "The servers alone, over HTTP/1.1 with TLS: p50; in the server; the rest, the client's included; in ms",
		Head:  r.head("p50", "server", "rest"),
	}
	for _, v := range r.Variants {
		one, alone := []string{v.Title}, []string{v.Title}
		for i, m := range v.Sizes {
			if m.Created.Own == 0 {
				continue
			}
			none := r.of(variant.None).Sizes[i].Created.Rest
			one = append(one, ms(r.Added(v.Name, i).P50), ms(m.Created.Own), ms(m.Created.Rest-none))
			alone = append(alone, ms(m.Direct.P50), ms(m.Direct.Own), ms(m.Direct.Rest))
		}
		if len(one) > 1 {
			added.Rows, direct.Rows = append(added.Rows, one), append(direct.Rows, alone)
		}
	}
	return []Table{added, direct}
}

// ms shows milliseconds; nothing for none.
func ms(n float64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", n)
}

// multiple shows how many times as long one takes as another.
func multiple(of, to Times) string {
	got, _, _ := ratio(of, to)
	return fmt.Sprintf("%.2f", got)
}

// head has columns for each size.
func (r *Run) head(columns ...string) []string {
	head := []string{""}
	for _, size := range r.Sizes {
		for i, column := range columns {
			if i == 0 {
				column = size.Name + ", " + column
			}
			head = append(head, column)
		}
	}
	return head
}

// Print writes the run for the terminal.
func (r *Run) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s\n", r.Machine)
	for _, size := range r.Sizes {
		fmt.Fprintf(out, "%s pod: %.1f KB, its review %.1f KB\n", size.Name, float64(size.Pod)/1e3, float64(size.Review)/1e3)
	}
	for _, table := range slices.Concat(r.Tables(), r.Inside()) {
		if err := table.Print(out); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\nTargets, with the extremes over %d parts of the run:\n", parts)
	for _, v := range r.Verdicts() {
		fmt.Fprintln(out, v.String())
	}
	return nil
}

// String names the machine.
func (m Machine) String() string {
	return fmt.Sprintf("%s, %d cores, Linux %s; %s; Kubernetes %s", m.CPU, m.Cores, m.Linux, m.Go, m.Kubernetes)
}
