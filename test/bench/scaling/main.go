// Command scaling measures what grows in holdfast, and how, when there is more of something:
//
//	make bench-scaling                                # or: go run ./test/bench/scaling
//	go run ./test/bench/scaling -requests 50          # quickly, for a first look
//	go run ./test/bench/scaling -only ConfigMaps      # what has this in its title
//	go run ./test/bench/scaling -out docs             # the run that docs show; the page: go test ./test/bench/scaling/growth -update
//
// It starts the program for every amount, in a cluster with a real API server and as
// deploy/install.yaml has it, and asks it directly, in turn with a process that stays the same. It
// prints tables; times of different runs or machines say nothing about each other.
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

	"github.com/holdfast-mesh/holdfast/test/bench/scaling/growth"
	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/results"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scaling:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("scaling", flag.ContinueOnError)
	flags.SetOutput(stderr)
	requests := flags.Int("requests", 400, "how many pods with known texts are sent of each amount, and how many with new ones")
	only := flags.String("only", "", "measure only what has this `text` in its title; no files are written then")
	holdfast := flags.String("holdfast", filepath.Join(cluster.Root(), "bin", "holdfast"), "the `program` to measure")
	out := flags.String("out", filepath.Join(cluster.Root(), "bin", "bench"), "write the run's file into this `folder`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *requests < 1 || flags.NArg() > 0 {
		return errors.New("want -requests of at least 1, and flags only")
	}
	ctrllog.SetLogger(logr.Discard()) // of envtest
	begin := time.Now()
	dir, err := os.MkdirTemp("", "holdfast-scaling-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	result, err := measure(ctx, settings{
		requests: *requests, only: *only, holdfast: *holdfast, dir: dir, most: 1 << 30,
		say: func(what string) { fmt.Fprintf(stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), what) },
	})
	if err != nil {
		return err
	}
	if err := result.Print(stdout); err != nil || *only != "" {
		return err
	}
	data, err := results.JSON(result)
	if err != nil {
		return err
	}
	if err := results.Write(map[string]string{growth.JSONFile: string(data)}, *out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "\n%s is in %s\n", growth.JSONFile, *out)
	return err
}
