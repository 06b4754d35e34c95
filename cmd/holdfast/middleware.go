package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/internal/ports"
	"github.com/holdfast-mesh/holdfast/rules"
)

func newMiddleware() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "middleware",
		Short: "List the middleware that rules can name, with ports and advice",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			known := rules.KnownMiddleware()
			if output == "json" {
				entries := make([]middlewareEntry, len(known))
				for i, m := range known {
					entries[i] = middlewareEntry{m, asPorts(m.Ports)}
				}
				return encodeJSON(cmd.OutOrStdout(), entries)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tOTHER NAMES\tPORTS\tSERVER CLOSES IDLE CONNECTIONS\tINSIDE THE MESH\tOUTSIDE THE MESH")
			for _, m := range known {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", m.Name, strings.Join(m.Aliases, ", "), joinPorts(m.Ports), m.ServerIdle, m.InsideMesh, m.OutsideMesh)
			}
			return table.Flush()
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}

// middlewareEntry is the JSON form of one.
type middlewareEntry struct {
	rules.Middleware
	Ports []any `json:"ports"`
}

// asPorts writes ranges as a rules file does: 6379, "7000-7005".
func asPorts(ranges []ports.Range) []any {
	items := make([]any, len(ranges))
	for i, r := range ranges {
		items[i] = r.First
		if r.Last != r.First {
			items[i] = fmt.Sprintf("%d-%d", r.First, r.Last)
		}
	}
	return items
}

// joinPorts is "6379, 7000-7005".
func joinPorts(ranges []ports.Range) string {
	var texts []string
	for _, item := range asPorts(ranges) {
		texts = append(texts, fmt.Sprint(item))
	}
	return strings.Join(texts, ", ")
}
