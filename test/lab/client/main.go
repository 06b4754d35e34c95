// Command client is one application of the lab: it reads its work (probe.Spec) as JSON from
// standard input, writes the line "ready" after the first answer, and the result as JSON at
// the end. The lab runs it inside a pod's network namespace. What client libraries log goes
// to standard error.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	var spec probe.Spec
	if err := json.NewDecoder(in).Decode(&spec); err != nil {
		return fmt.Errorf("reading the work from standard input: %w", err)
	}
	result, err := probe.Run(ctx, spec, func() { fmt.Fprintln(out, "ready") })
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}
