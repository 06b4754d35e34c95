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
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			known := rules.KnownMiddleware()
			if output == "json" {
				return encodeJSON(cmd.OutOrStdout(), known)
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

// joinPorts writes ranges as a rules file does: "6379, 7000-7005".
func joinPorts(ranges []ports.Range) string {
	texts := make([]string, len(ranges))
	for i, r := range ranges {
		texts[i] = fmt.Sprint(r.First)
		if r.Last != r.First {
			texts[i] = fmt.Sprintf("%d-%d", r.First, r.Last)
		}
	}
	return strings.Join(texts, ", ")
}
