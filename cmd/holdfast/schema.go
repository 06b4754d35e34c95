package main

import (
	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/rules/load"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of rules files, for editors",
		Long: `Print the JSON Schema of rules files. Editors with a YAML language server use it
for completion and checks; put this line on top of a rules file:

  # yaml-language-server: $schema=./holdfast.schema.json`,
		Example: "  holdfast schema > holdfast.schema.json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(load.Schema())
			return err
		},
	}
}
