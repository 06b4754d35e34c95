// Command client is one application of the lab: it reads its work (probe.Spec) as JSON from
// standard input, writes the line "ready" after the first answer, and the result as JSON at
// the end, raw clients after each request too. With the arguments "serve" and a duration it is a
// server instead (probe.Serve), until so long after SIGTERM; with "tunnel", an address and the folder
// of a certificate the end of tunnels (probe.ServeTunnel). The lab runs it inside a pod's network
// namespace. What client libraries log goes to standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/holdfast-mesh/holdfast/test/lab/probe"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == "serve":
		err = serve(ctx, args[1], os.Stdout)
	case len(args) == 3 && args[0] == "tunnel":
		err = tunnel(ctx, args[1], args[2])
	default:
		err = run(ctx, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	var spec probe.Spec
	if err := json.NewDecoder(in).Decode(&spec); err != nil {
		return fmt.Errorf("reading the work from standard input: %w", err)
	}
	lines := json.NewEncoder(out)
	var problem error
	sofar := func(result *probe.Result) { problem = errors.Join(problem, lines.Encode(result)) }
	result, err := probe.Run(ctx, spec, func() { fmt.Fprintln(out, "ready") }, sofar)
	if err != nil {
		return err
	}
	return errors.Join(problem, lines.Encode(result))
}

// serve listens on every address of its pod. It is one that does not close idle connections when
// it is asked to end.
func serve(ctx context.Context, after string, out io.Writer) error {
	d, err := time.ParseDuration(after)
	if err != nil {
		return err
	}
	lines, err := net.Listen("tcp", fmt.Sprintf(":%d", probe.LinesPort))
	if err != nil {
		return err
	}
	web, err := net.Listen("tcp", fmt.Sprintf(":%d", probe.WebPort))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	working, stop := probe.Linger(ctx, d)
	defer stop()
	return probe.Serve(working, lines, web)
}

func tunnel(ctx context.Context, address, identity string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return probe.ServeTunnel(ctx, listener, identity)
}
