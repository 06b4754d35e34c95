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
	"os"

	"github.com/holdfast-mesh/holdfast/test/bench/command"
	"github.com/holdfast-mesh/holdfast/test/bench/scaling/growth"
	"github.com/holdfast-mesh/holdfast/test/results"
)

func main() { command.Main("scaling", run) }

func run(ctx context.Context, c *command.Command) error {
	requests := c.Int("requests", 400, "how many pods with known texts are sent of each amount, and how many with new ones")
	only := c.String("only", "", "measure only what has this `text` in its title; no files are written then")
	if err := c.Read(); err != nil {
		return err
	}
	if *requests < 1 {
		return errors.New("want -requests of at least 1")
	}
	dir, err := os.MkdirTemp("", "holdfast-scaling-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	result, err := measure(ctx, settings{requests: *requests, only: *only, holdfast: c.Holdfast, dir: dir, most: 1 << 30, say: c.Say})
	if err != nil {
		return err
	}
	if err := result.Print(os.Stdout); err != nil || *only != "" {
		return err
	}
	data, err := results.JSON(result)
	if err != nil {
		return err
	}
	return c.Write(map[string]string{growth.JSONFile: string(data)})
}
