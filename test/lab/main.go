// Command lab shows, with real parts on one machine, why pooled connections die in an Istio
// mesh, and that holdfast keeps them: a real API server with holdfast and Istio's injector
// as webhooks, the real istiod, pilot-agent and Envoy of each injected pod in a network
// namespace with Istio's own iptables rules, and redis, MariaDB and memcached outside the mesh.
//
//	cd test/lab && go run .
//
// It needs root, and says what else is missing. It touches no network but its own
// namespaces (hf-lab-*) and loopback, and stops everything that it started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/lab/machine"
	"github.com/holdfast-mesh/holdfast/test/lab/scenario"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil:
		return
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "lab: interrupted; everything that it had started is stopped")
	default:
		fmt.Fprintln(os.Stderr, "lab:", err)
	}
	os.Exit(1)
}

// options are the command line.
type options struct {
	only    *regexp.Regexp
	require bool
	keep    bool
	out     string
	redraw  string
	envoys  []string // versions; empty: the program that the variable ENVOY names
}

func parse(args []string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("lab", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("run", "", "run only scenarios whose `name` matches this regular expression")
	flags.BoolVar(&o.require, "require", false, "fail where the lab cannot run, rather than say so and leave with success")
	flags.BoolVar(&o.keep, "keep", false, "keep the folder with all logs")
	flags.StringVar(&o.out, "out", filepath.Join(cluster.Root(), "bin", "lab"), "write the run's files into this `folder`")
	flags.StringVar(&o.redraw, "redraw", "", "only write pictures and document anew from lab.json in this `folder`")
	envoy := flags.String("envoy", "", "run with this `version` of Envoy, or once with each for \"all\": "+strings.Join(machine.Envoys, ", ")+
		" (default: the program that the variable ENVOY names, else the newest)")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case *envoy == "all":
		o.envoys = machine.Envoys
	case *envoy != "":
		o.envoys = []string{*envoy}
	case os.Getenv("ENVOY") == "":
		o.envoys = machine.Envoys[len(machine.Envoys)-1:]
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("got argument %q, want flags only", flags.Arg(0))
	}
	var err error
	o.only, err = regexp.Compile(*only)
	return o, err
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if o.redraw != "" {
		return redraw(o.redraw)
	}
	// iptables lives where the PATH of an ordinary shell does not look.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin"); err != nil {
		return err
	}
	if err := machine.Check(exec.LookPath, os.Getuid()); err != nil {
		if o.require {
			return err
		}
		fmt.Fprintf(stdout, "%v\nno scenario was run\n", err)
		return nil
	}
	chosen := choose(scenario.Lanes(), o.only)
	if chosen == nil {
		return fmt.Errorf("-run %s: got no scenario of that name, want one of:%s", o.only, names(scenario.All()))
	}
	begin := time.Now()
	logf := func(format string, args ...any) {
		fmt.Fprintf(stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}
	if len(o.envoys) < 2 {
		envoy, err := findEnvoy(ctx, o.envoys, logf)
		if err != nil {
			return err
		}
		return measureWith(ctx, envoy, o, o.out, chosen, logf, stdout)
	}
	var problems []error
	for _, version := range o.envoys {
		envoy, err := machine.Envoy(ctx, cluster.Root(), version, logf)
		if err == nil {
			err = measureWith(ctx, envoy, o, filepath.Join(o.out, "envoy-"+version), chosen, logf, stdout)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("with Envoy %s: %w", version, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(problems...)
}

// findEnvoy is the one that was asked for: a version, or none for what ENVOY names.
func findEnvoy(ctx context.Context, versions []string, logf func(string, ...any)) (string, error) {
	if len(versions) == 0 {
		return exec.LookPath(os.Getenv("ENVOY"))
	}
	return machine.Envoy(ctx, cluster.Root(), versions[0], logf)
}

// measureWith runs the lab with one Envoy, and publishes what it measured.
func measureWith(ctx context.Context, envoy string, o *options, out string, lanes [][][]scenario.Scenario, logf func(string, ...any), stdout io.Writer) error {
	result, err := measure(ctx, envoy, lanes, o.keep, logf)
	if err != nil {
		return err
	}
	return publish(result, out, stdout)
}

// choose leaves out the scenarios with other names, and stages and lanes that are then empty.
func choose(lanes [][][]scenario.Scenario, only *regexp.Regexp) (chosen [][][]scenario.Scenario) {
	for _, lane := range lanes {
		var stages [][]scenario.Scenario
		for _, stage := range lane {
			stage = slices.DeleteFunc(stage, func(s scenario.Scenario) bool { return !only.MatchString(s.Name) })
			if len(stage) > 0 {
				stages = append(stages, stage)
			}
		}
		if stages != nil {
			chosen = append(chosen, stages)
		}
	}
	return chosen
}

func names(scenarios []scenario.Scenario) string {
	list := ""
	for _, s := range scenarios {
		list += " " + s.Name
	}
	return list
}
