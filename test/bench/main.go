// Command bench measures what holdfast costs, on a real API server, beside what does less and
// what does the same in other ways:
//
//	make bench-admission                 # or: go run ./test/bench
//	go run ./test/bench -requests 50     # quickly, for a first look
//	go run ./test/bench -clients 50      # of which half need new connections
//	go run ./test/bench -out docs        # the run that docs show; README: go test ./test/bench/report -update
//	make soak                            # or: go run ./test/bench -soak 200000
//
// Every variant has a webhook configuration for pods with its label, and a process of its own;
// pods are created as dry runs, by each variant in turn. It prints tables and holds ratios
// against targets; times of different runs or machines say nothing about each other.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/soak"
	"github.com/holdfast-mesh/holdfast/test/bench/stage"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/results"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	requests   int
	clients    int
	soak       int
	namespaces int
	holdfast   string
	out        string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.requests, "requests", 300, "how many pods of each size each variant gets, one after the other; the rest follows from it")
	flags.IntVar(&o.clients, "clients", 8, "how many clients create pods at once")
	flags.IntVar(&o.soak, "soak", 0, "instead, ask holdfast itself `so many` times while its rules change each second")
	flags.IntVar(&o.namespaces, "namespaces", 5000, "with -soak: in a cluster of `so many` namespaces")
	flags.StringVar(&o.holdfast, "holdfast", filepath.Join(cluster.Root(), "bin", "holdfast"), "the `program` to measure")
	flags.StringVar(&o.out, "out", filepath.Join(cluster.Root(), "bin", "bench"), "write the run's files into this `folder`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.requests < 1 || o.clients < 1 || flags.NArg() > 0 {
		return errors.New("want -requests and -clients of at least 1, and flags only")
	}
	ctrllog.SetLogger(logr.Discard()) // of envtest
	begin := time.Now()
	say := func(what string) { fmt.Fprintf(stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), what) }
	if o.soak > 0 {
		return soakAll(ctx, &o, say, stdout)
	}
	return measureAll(ctx, &o, say, stdout)
}

// measureAll measures every variant, and shows and writes what came out.
func measureAll(ctx context.Context, o *options, say func(string), stdout io.Writer) error {
	var result *report.Run
	err := onStage(ctx, o, variant.All(), say, func(s *stage.Stage) (err error) {
		result, err = measure(ctx, s, o.requests, o.clients, say)
		return err
	})
	if err != nil {
		return err
	}
	if err := result.Print(stdout); err != nil {
		return err
	}
	files, err := result.Files()
	if err != nil {
		return err
	}
	if err := results.Write(files, o.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s, %s and %s are in %s\n", report.JSONFile, report.PageFile, report.PictureFile, o.out)
	return err
}

// errUnmet says that the soak went through, and not all was as wanted.
var errUnmet = errors.New("not all targets are met")

// soakAll soaks, and fails where holdfast became slow or large.
func soakAll(ctx context.Context, o *options, say func(string), stdout io.Writer) error {
	soaked := &soak.Report{Namespaces: o.namespaces}
	err := onStage(ctx, o, soak.Variants(), say, func(s *stage.Stage) (err error) {
		say(fmt.Sprintf("making %d namespaces", o.namespaces))
		if err := s.MakeNamespaces(ctx, o.namespaces); err != nil {
			return err
		}
		say(fmt.Sprintf("asking %d times", o.soak))
		if soaked.Results, err = soak.Run(ctx, s, s.Variants, o.soak, time.Second); err != nil {
			return err
		}
		soaked.Machine, err = report.ThisMachine(s.Cluster.Config)
		return err
	})
	if err != nil {
		return err
	}
	met := soak.Print(stdout, soaked.Results)
	data, err := results.JSON(soaked)
	if err != nil {
		return err
	}
	if err := results.Write(map[string]string{soak.JSONFile: string(data)}, o.out); err != nil {
		return err
	}
	if !met {
		return errUnmet
	}
	return nil
}

// onStage starts variants, does something with them, and stops them.
func onStage(ctx context.Context, o *options, variants []variant.Variant, say func(string), do func(*stage.Stage) error) (err error) {
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		return err
	}
	say("starting an API server and all webhooks; their logs are in " + dir)
	s, err := stage.Start(ctx, o.holdfast, dir, variants)
	defer func() {
		if err = errors.Join(err, s.Stop()); err == nil {
			err = os.RemoveAll(dir) // after an error people want the logs
		}
	}()
	if err != nil {
		return err
	}
	err = do(s)
	say("done")
	return err
}
