// Package command is what the programs that measure have in common: how they start and end, the
// flags that all of them have, what they say meanwhile, and where their files go.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/holdfast-mesh/holdfast/test/cluster"
	"github.com/holdfast-mesh/holdfast/test/results"
)

// Command is a program that measures, with its flags.
type Command struct {
	*flag.FlagSet
	// Holdfast is the program that is measured.
	Holdfast string

	out   string
	begin time.Time
}

// Main runs a program until it is done or told to end, and ends the process if it failed.
func Main(name string, run func(context.Context, *Command) error) {
	c := &Command{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), begin: time.Now()}
	c.StringVar(&c.Holdfast, "holdfast", filepath.Join(cluster.Root(), "bin", "holdfast"), "the `program` to measure")
	c.StringVar(&c.out, "out", filepath.Join(cluster.Root(), "bin", "bench"), "write the run's files into this `folder`")
	ctrllog.SetLogger(logr.Discard()) // of envtest
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, c)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

// Read reads the command line, which has flags only.
func (c *Command) Read() error {
	if err := c.Parse(os.Args[1:]); err != nil {
		return err
	}
	if c.NArg() > 0 {
		return errors.New("got " + strings.Join(c.Args(), " ") + ", want flags only")
	}
	return nil
}

// Say tells what happens now, and after how long.
func (c *Command) Say(what string) {
	fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(c.begin).Seconds(), what)
}

// Write writes the run's files, by name, and says where they are.
func (c *Command) Write(files map[string]string) error {
	if err := results.Write(files, c.out); err != nil {
		return err
	}
	fmt.Printf("\nin %s: %s\n", c.out, strings.Join(slices.Sorted(maps.Keys(files)), ", "))
	return nil
}
