package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/holdfast-mesh/holdfast/rules/load"
)

// checkReport is the JSON form of 'holdfast check -o json'.
type checkReport struct {
	Problems []load.Problem `json:"problems"`
	Files    int            `json:"files"`
	Errors   int            `json:"errors"`
	Warnings int            `json:"warnings"`
}

func newCheck() *cobra.Command {
	var output string
	var strict, recursive bool
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Check rules files and report every problem at once",
		Long: `Check rules files as the webhook would load them. Every problem is reported with
file, line, column and a stable code. A ConfigMap manifest with the key rules.yaml is
read as the rules in it. With -R every .yaml, .yml and .json file of a folder counts as
a rules file.

Exit status: 0 clean or warnings only, 1 errors (with --strict: or warnings), 2 wrong usage.`,
		Example: "  holdfast check rules.yaml\n  kubectl get configmap -n holdfast-system holdfast-rules -o yaml | holdfast check -",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				return usageError(cmd, "got no file: name a rules file, or - for standard input")
			}
			if err := stdinOnce(cmd, names...); err != nil {
				return err
			}
			return check(cmd, names, output, strict, recursive)
		},
	}
	outputFlag(cmd, &output, "text", "json")
	cmd.Flags().BoolVar(&strict, "strict", false, "fail on warnings too")
	addRecursive(cmd.Flags(), &recursive)
	return cmd
}

func check(cmd *cobra.Command, names []string, output string, strict, recursive bool) error {
	report := checkReport{Problems: []load.Problem{}}
	for _, name := range names {
		files, err := filesIn(name, recursive)
		if err != nil {
			report.Problems = append(report.Problems, load.Unreadable(name, err)...)
		}
		for _, file := range files {
			report.Problems = append(report.Problems, problemsOf(cmd, file)...)
			report.Files++
		}
	}
	for _, p := range report.Problems {
		if p.Severity == load.Error {
			report.Errors++
		} else {
			report.Warnings++
		}
	}
	if output == "json" {
		if err := encodeJSON(cmd.OutOrStdout(), report); err != nil {
			return err
		}
	} else {
		for _, p := range report.Problems {
			fmt.Fprintln(cmd.OutOrStdout(), p)
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s checked: %s, %s\n",
		count(report.Files, "file"), count(report.Errors, "error"), count(report.Warnings, "warning"))
	if report.Errors > 0 || strict && report.Warnings > 0 {
		return &exitError{code: exitFindings}
	}
	return nil
}

// problemsOf checks one file.
func problemsOf(cmd *cobra.Command, name string) load.Problems {
	data, err := readInput(cmd, name)
	if err != nil {
		return load.Unreadable(displayName(name), err)
	}
	_, problems := load.Manifest(displayName(name), data)
	return problems
}
