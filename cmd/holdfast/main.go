// Command holdfast keeps long-lived TCP connections of an Istio mesh alive: an
// admission webhook, and a command line that checks, previews and explains
// what the webhook does.
//
// A file holds a subcommand: it wires packages together and prints. What patch
// and explain share, reading rules and manifests and deciding, is in inputs.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes. Scripts rely on them.
const (
	exitFindings = 1 // the input has errors, or the work failed
	exitUsage    = 2 // the command line is wrong
)

// exitError carries the exit code of a failed command. An empty message means
// that everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	err := run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(report(err, os.Stderr))
}

// report prints an error and returns the exit code for it.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(stderr, "holdfast: "+text)
	}
	if coded := (*exitError)(nil); errors.As(err, &coded) {
		return coded.code
	}
	return exitFindings
}

// run is the whole program: one exit point, everything injectable.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	root := newRoot(args[0], args[1:])
	root.SetArgs(args[1:])
	out := &results{Writer: stdout}
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(stderr)
	addCompletion(root)
	addHelp(root)
	return out.failed(root.ExecuteContext(ctx))
}

func newRoot(program string, args []string) *cobra.Command {
	var asked bool // for the version
	root := &cobra.Command{
		Use:   "holdfast",
		Short: "Keep long-lived TCP connections of an Istio mesh alive",
		Long: `holdfast patches pods at admission so that their pooled connections to Redis,
MySQL, MongoDB and other middleware outlive the sidecar's idle timeout, load
balancers and changes of the mesh's configuration. One rules file says which
destinations get which strategy.

Start here:
  holdfast check rules.yaml                 is the rules file right?
  holdfast explain -f rules.yaml pod.yaml   what would happen to this pod, and why?
  holdfast patch -f rules.yaml app.yaml     the same manifest with its new annotations
  holdfast render -f rules.yaml             the EnvoyFilters that some strategies need
  holdfast verify --help                    is it in force in this pod's proxy?
  holdfast doctor                           what is wrong with it in this cluster?
  holdfast webhook --help                   the server`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asked {
				return printVersion(cmd)
			}
			return cmd.Help()
		},
	}
	if name := filepath.Base(program); strings.HasPrefix(name, "kubectl-") {
		// kubectl runs a plugin by its file's name; help should show what the user typed.
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl holdfast"}
	}
	// Not by cobra's Version with a template: text/template looks methods up by name, for which
	// the linker would keep every exported method of every type. That was a fifth of the program.
	root.Flags().BoolVarP(&asked, "version", "v", false, "version for "+root.DisplayName())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd == root && !strings.HasPrefix(args[0], "-") {
			return unknownCommand(cmd, args[0]) // whose flags the root cannot know
		}
		return usageError(cmd, "%w", err)
	})
	root.AddCommand(
		newWebhook(), newCheck(), newPatch(), newExplain(), newRender(), newVerify(), newDoctor(),
		newMiddleware(), newSchema(), newVersion(),
	)
	return root
}

// addCompletion adds cobra's command, which takes standard output as it is set
// by now, and gives it the exit code of a usage error.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Args = noArguments
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		for _, shell := range cmd.Commands() {
			shell.Args = noArguments
		}
	}
}

// addHelp adds cobra's command, which shows the whole program's help for a command
// that there is not.
func addHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil || help == root {
		return
	}
	help.Args = func(_ *cobra.Command, topic []string) error {
		found, rest, err := root.Find(topic)
		if err != nil {
			return usageError(root, "%w", err)
		}
		return noArguments(found, rest)
	}
}

// usageError says what is wrong with the command line and where to look.
func usageError(cmd *cobra.Command, format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format+"; see '%s --help'", append(args, cmd.CommandPath())...)}
}

// usageArgs gives cobra's own argument checks the exit code of a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError(cmd, "%w", err)
		}
		return nil
	}
}

// noArguments refuses arguments of a command that takes none; of one that has
// commands below, they were meant for one.
func noArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasSubCommands():
		return unknownCommand(cmd, args[0])
	}
	return usageError(cmd, "got %q, want no argument", args[0])
}

func unknownCommand(cmd *cobra.Command, name string) error {
	cmd.SuggestionsMinimumDistance = 2 // letters; cobra sets it only where it makes the message itself
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return usageError(cmd, "unknown command %q, did you mean %s", name, strings.Join(near, " or "))
	}
	return usageError(cmd, "unknown command %q", name)
}

// outputFlag gives a command the flag -o, which takes one of a few words; the
// first is what is printed without it.
func outputFlag(cmd *cobra.Command, output *string, words ...string) {
	last := len(words) - 1
	cmd.Flags().StringVarP(output, "output", "o", words[0], "print as `FORM`: "+strings.Join(words[:last], ", ")+" or "+words[last])
	// It fails only for a flag that is not there, or has completions already.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if slices.Contains(words, *output) {
			return nil
		}
		return usageError(cmd, "--output: got %q, want one of %s", *output, strings.Join(words, ", "))
	}
}
