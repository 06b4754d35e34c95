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
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/holdfast-mesh/holdfast/test/certs"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/lab/netns"
	"github.com/holdfast-mesh/holdfast/test/lab/report"
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
	if err := flags.Parse(args); err != nil {
		return nil, err
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
	if err := checkMachine(exec.LookPath, os.Getuid()); err != nil {
		if o.require {
			return err
		}
		fmt.Fprintf(stdout, "%v\nno scenario was run\n", err)
		return nil
	}
	var chosen []scenario
	for _, s := range scenarios() {
		if o.only.MatchString(s.name) {
			chosen = append(chosen, s)
		}
	}
	if chosen == nil {
		return fmt.Errorf("-run %s: got no scenario of that name, want one of:%s", o.only, names(scenarios()))
	}
	begin := time.Now()
	logf := func(format string, args ...any) {
		fmt.Fprintf(stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), fmt.Sprintf(format, args...))
	}
	result, err := measure(ctx, chosen, o.keep, logf)
	if err != nil {
		return err
	}
	return publish(result, o.out, stdout)
}

func names(scenarios []scenario) string {
	list := ""
	for _, s := range scenarios {
		list += " " + s.name
	}
	return list
}

// measure builds the lab up, runs the scenarios and takes everything down again, also after
// an error, a panic or a signal.
func measure(ctx context.Context, scenarios []scenario, keep bool, logf func(string, ...any)) (_ *report.Run, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	// Cleaning up must work after ctx has ended.
	forever := context.WithoutCancel(ctx)
	if err := netns.RemoveAll(forever); err != nil {
		return nil, fmt.Errorf("removing what an earlier run left: %w", err)
	}
	dir, err := makeFolder(keep)
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, logf: logf, processes: &processes{dir: dir}}
	defer l.close()
	l.atEnd(func() {
		if !keep {
			os.RemoveAll(dir)
			return
		}
		os.RemoveAll(filepath.Join(dir, "bin"))
		logf("logs are in %s", dir)
	})
	l.atEnd(func() {
		if err := netns.RemoveAll(forever); err != nil {
			logf("removing the namespaces: %v", err)
		}
	})
	l.atEnd(l.processes.stop)
	if err := l.build(ctx); err != nil {
		return nil, err
	}
	measured, err := l.run(ctx, scenarios)
	if err != nil {
		return nil, err
	}
	versions, err := l.versions(ctx)
	return &report.Run{
		Date: time.Now().UTC().Format(time.DateOnly), Versions: versions, Scenarios: measured,
		Settings: report.Settings{MeshIdle: meshIdle.Seconds(), IstioIdle: istioIdle.Seconds(), Drain: drain.Seconds()},
	}, err
}

// makeFolder makes the run's folder, and removes what killed runs left of theirs.
func makeFolder(keep bool) (string, error) {
	const prefix = "hf-lab-run-"
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return "", err
		}
	}
	pattern := prefix
	if keep {
		pattern = "hf-lab-kept-"
	}
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755) // other users' programs run from here
}

// build starts what all scenarios share, side by side.
func (l *lab) build(ctx context.Context) (err error) {
	root := cluster.Root()
	if l.tools, err = prepareTools(ctx, root, l.dir, l.logf); err != nil {
		return err
	}
	authority, err := certs.NewAuthority()
	if err != nil {
		return err
	}
	l.authority = string(authority.PEM)
	if l.network, err = netns.New(ctx, inside, outside); err != nil {
		return err
	}
	return together([]func() error{
		func() error {
			l.logf("starting redis, MariaDB and memcached")
			return startServers(ctx, l.processes, l.network.Servers, l.dir)
		},
		func() error {
			m, err := startPlane(ctx, l.tools, l.dir, rulesFile(scenarios()), l.logf)
			if err != nil {
				return err
			}
			l.mesh = m
			l.atEnd(func() {
				if err := m.Stop(); err != nil {
					l.logf("stopping the control plane: %v", err)
				}
			})
			return nil
		},
	}, func(f func() error) error { return f() })
}
