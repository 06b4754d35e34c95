package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/mesh"
	"github.com/holdfast-mesh/holdfast/rules/load"
)

func newRender() *cobra.Command {
	options := rulesInput{answers: load.NeedsMeshObject}
	var output, root string
	cmd := &cobra.Command{
		Use:   "render -f RULES",
		Short: "Print the mesh objects (EnvoyFilters) that rules need, for GitOps",
		Long: `Print the EnvoyFilters that rules need beside the annotations of pods: for
"scope: Destinations", for keepalive, and for gateways. Each says in a comment what
applying, changing and deleting it does to open connections.

Apply them before the first pod that is created under these rules. 'holdfast webhook
--manage-mesh' keeps those of keepalive and gateways by itself.`,
		Example: `  holdfast render -f rules.yaml | kubectl apply -f -
  holdfast render -f rules.yaml -o json > mesh.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := options.load(cmd)
			if err != nil {
				return err
			}
			if root != "" {
				file.Mesh.RootNamespace = root
			}
			return render(cmd, options.notes(cmd), mesh.For(file), output)
		},
	}
	options.addFlags(cmd.Flags())
	cmd.Flags().StringVar(&root, "root-namespace", "", "Istio's root namespace; empty: mesh.rootNamespace of the rules file")
	outputFlag(cmd, &output, "yaml", "json")
	return cmd
}

func render(cmd *cobra.Command, notes io.Writer, objects []mesh.Object, output string) error {
	write := mesh.WriteYAML
	if output == "json" {
		write = mesh.WriteJSON
	}
	if err := write(cmd.OutOrStdout(), objects); err != nil {
		return err
	}
	if len(objects) == 0 {
		fmt.Fprintln(notes, "no rule needs a mesh object: none has scope: Destinations or keepalive, and there are no gateways")
	}
	return nil
}
