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
	"fmt"
	"os"
	"time"

	"github.com/holdfast-mesh/holdfast/test/bench/command"
	"github.com/holdfast-mesh/holdfast/test/bench/report"
	"github.com/holdfast-mesh/holdfast/test/bench/soak"
	"github.com/holdfast-mesh/holdfast/test/bench/stage"
	"github.com/holdfast-mesh/holdfast/test/bench/variant"
	"github.com/holdfast-mesh/holdfast/test/results"
)

func main() { command.Main("bench", run) }

// options are the command line.
type options struct {
	*command.Command
	requests   int
	clients    int
	soak       int
	namespaces int
}

func run(ctx context.Context, c *command.Command) error {
	o := options{Command: c}
	o.IntVar(&o.requests, "requests", 600, "how many pods of each size each variant gets, one after the other; the rest follows from it")
	o.IntVar(&o.clients, "clients", 8, "how many clients create pods at once")
	o.IntVar(&o.soak, "soak", 0, "instead, ask holdfast itself `so many` times while its rules change each second")
	o.IntVar(&o.namespaces, "namespaces", 5000, "with -soak: in a cluster of `so many` namespaces")
	if err := o.Read(); err != nil {
		return err
	}
	if o.requests < 1 || o.clients < 1 {
		return errors.New("want -requests and -clients of at least 1")
	}
	if o.soak > 0 {
		return soakAll(ctx, &o)
	}
	return measureAll(ctx, &o)
}

// measureAll measures every variant, and shows and writes what came out.
func measureAll(ctx context.Context, o *options) error {
	var result *report.Run
	err := onStage(ctx, o, variant.All(), func(s *stage.Stage) (err error) {
		result, err = measure(ctx, s, o.requests, o.clients, o.Say)
		return err
	})
	if err != nil {
		return err
	}
	if err := result.Print(os.Stdout); err != nil {
		return err
	}
	files, err := result.Files()
	if err != nil {
		return err
	}
	return o.Write(files)
}

// errUnmet says that the soak went through, and not all was as wanted.
var errUnmet = errors.New("not all targets are met")

// soakAll soaks, and fails where holdfast became slow or large.
func soakAll(ctx context.Context, o *options) error {
	soaked := &soak.Report{Namespaces: o.namespaces}
	err := onStage(ctx, o, soak.Variants(), func(s *stage.Stage) (err error) {
		o.Say(fmt.Sprintf("making %d namespaces", o.namespaces))
		if err := s.MakeNamespaces(ctx, o.namespaces); err != nil {
			return err
		}
		o.Say(fmt.Sprintf("asking %d times", o.soak))
		if soaked.Results, err = soak.Run(ctx, s, s.Variants, o.soak, time.Second); err != nil {
			return err
		}
		soaked.Machine, err = report.ThisMachine(s.Cluster.Config)
		return err
	})
	if err != nil {
		return err
	}
	met := soak.Print(os.Stdout, soaked.Results)
	data, err := results.JSON(soaked)
	if err != nil {
		return err
	}
	if err := o.Write(map[string]string{soak.JSONFile: string(data)}); err != nil {
		return err
	}
	if !met {
		return errUnmet
	}
	return nil
}

// onStage starts variants, does something with them, and stops them.
func onStage(ctx context.Context, o *options, variants []variant.Variant, do func(*stage.Stage) error) (err error) {
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		return err
	}
	o.Say("starting an API server and all webhooks; their logs are in " + dir)
	s, err := stage.Start(ctx, o.Holdfast, dir, variants)
	defer func() {
		if err = errors.Join(err, s.Stop()); err == nil {
			err = os.RemoveAll(dir) // after an error people want the logs
		}
	}()
	if err != nil {
		return err
	}
	err = do(s)
	o.Say("done")
	return err
}
