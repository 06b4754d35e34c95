package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/doctor"
	"github.com/holdfast-mesh/holdfast/doctor/checks"
	"github.com/holdfast-mesh/holdfast/doctor/gather"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	cluster   clusterFlags
	only      []string
	namespace string
	output    string
}

func newDoctor() *cobra.Command {
	flags := &doctorFlags{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong with holdfast in a cluster, why it matters, and how to mend it",
		Long: `Look at holdfast, Istio and the opted-in namespaces of a cluster: is holdfast asked
before Istio's injector, reached, trusted and of one mind on every replica; does
anything win over what the rules ask for, or refuse it?

Nothing is changed: pods are created in dry runs only. What you may not look at is
said, with the right that it takes. -n tries pods in that namespace only. All codes
are in docs/doctor.md.

The exit code is 0 when there is no problem, 1 when there is one or nothing at all
could be checked, 2 when the command line is wrong or the cluster cannot be reached.`,
		Example: `  holdfast doctor
  holdfast doctor --only reachability,certificates -n shop`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&flags.only, "only", nil, "make these checks only: "+strings.Join(checkNames(), ", "))
	f.StringVar(&flags.namespace, "holdfast-namespace", "", "where holdfast is; empty: where its webhook configuration points, else "+gather.DefaultNamespace)
	flags.cluster.addFlags(f)
	outputFlag(cmd, &flags.output, "text", "json")
	// It fails only for a flag that is not there, or has completions already.
	_ = cmd.RegisterFlagCompletionFunc("only", cobra.FixedCompletions(checkNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// checkNames are what --only takes.
func checkNames() (texts []string) {
	for _, name := range doctor.Names() {
		texts = append(texts, string(name))
	}
	return texts
}

// chosen are the checks that --only names.
func (d *doctorFlags) chosen(cmd *cobra.Command) ([]doctor.Name, error) {
	if !cmd.Flags().Changed("only") {
		return doctor.Names(), nil
	}
	var names []doctor.Name
	for _, text := range d.only {
		name := doctor.Name(text)
		if !slices.Contains(doctor.Names(), name) {
			return nil, usageError(cmd, "--only: got %q, want one or more of %s", text, strings.Join(checkNames(), ", "))
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, usageError(cmd, "--only: got nothing, want one or more of %s", strings.Join(checkNames(), ", "))
	}
	return names, nil
}

func (d *doctorFlags) run(cmd *cobra.Command) error {
	names, err := d.chosen(cmd)
	if err != nil {
		return err
	}
	config, _, err := d.cluster.config()
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	// The namespace of a kubeconfig's context is for other commands.
	only := d.cluster.overrides.Context.Namespace
	snapshot, err := gather.Snapshot(cmd.Context(), config, gather.Options{Namespace: d.namespace, Only: only, Checks: names})
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{code: exitUsage, err: errors.New("interrupted before all was looked at")}
	case err != nil:
		return &exitError{code: exitUsage, err: err}
	}
	report := &doctor.Report{Server: config.Host, Namespace: snapshot.Namespace, Checks: checks.Run(snapshot, names)}
	if d.output == "json" {
		err = encodeJSON(cmd.OutOrStdout(), report)
	} else {
		err = printDiagnosis(cmd.OutOrStdout(), report, !color.NoColor)
	}
	if err == nil && report.Failed() {
		return &exitError{code: exitFindings}
	}
	return err
}

// printDiagnosis prints each check, and under it what was found and not seen. Colour
// only repeats what the words say.
func printDiagnosis(w io.Writer, r *doctor.Report, coloured bool) error {
	paint := func(a color.Attribute, text string) string {
		c := color.New(a)
		if c.DisableColor(); coloured {
			c.EnableColor()
		}
		return c.Sprint(text)
	}
	marks := map[doctor.Status]string{
		doctor.Fine:       paint(color.FgGreen, "ok         "),
		doctor.Warnings:   paint(color.FgYellow, "warning    "),
		doctor.Problems:   paint(color.FgRed, "PROBLEM    "),
		doctor.NotChecked: paint(color.FgCyan, "not checked"),
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "holdfast in namespace %s of %s\n\n", r.Namespace, r.Server)
	problems, warnings, unseen := 0, 0, 0
	for _, c := range r.Checks {
		fmt.Fprintln(&out, strings.TrimRight(fmt.Sprintf("%s  %-13s %s", marks[c.Status], c.Check, c.Seen), " "))
		for _, f := range c.Findings {
			shade := color.FgRed
			if problems++; f.Severity == doctor.Warning {
				shade = color.FgYellow
				problems--
				warnings++
			}
			fmt.Fprintf(&out, "    %s", paint(shade, string(f.Code)))
			if f.Object != "" {
				fmt.Fprintf(&out, ": %s", f.Object)
			}
			fmt.Fprintf(&out, "\n      found: %s\n      why:   %s\n      fix:   %s\n", indented(f.Found), f.Why, f.Fix)
		}
		for _, text := range c.NotChecked {
			unseen++
			fmt.Fprintf(&out, "    not checked: %s\n", indented(text))
		}
	}
	fmt.Fprintf(&out, "\n%s, %s, %s not checked\n", count(problems, "problem"), count(warnings, "warning"), count(unseen, "thing"))
	_, err := w.Write(out.Bytes())
	return err
}

// indented keeps the lines of a text under its first.
func indented(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n             ")
}
