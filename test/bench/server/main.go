// Command server is what holdfast is measured against: webhooks that do less than it does,
// or the same in the conventional way.
//
//	server -mode bare -patch FILE -address 127.0.0.1:9443 -cert-dir DIR
//
// The modes:
//
//	bare          answers a patch that stands in a file, without looking at the pod; allows without a file
//	noop          controller-runtime's own server, with a handler that allows
//	conventional  the same, with a handler that decodes the pod, sets annotations that stand in a
//	              file, encodes it, and answers the difference
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	mode := flags.String("mode", "", "bare, noop or conventional")
	address := flags.String("address", "", "host:port to serve on")
	certs := flags.String("cert-dir", "", "folder with tls.crt and tls.key")
	patch := flags.String("patch", "", "bare: file with the JSON patch to answer")
	annotations := flags.String("annotations", "", "conventional: file with the annotations to set, as a JSON object")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch *mode {
	case "bare":
		var canned []byte
		if *patch != "" {
			var err error
			if canned, err = os.ReadFile(*patch); err != nil {
				return err
			}
		}
		return serveBare(ctx, *address, *certs, canned)
	case "noop":
		return serveController(ctx, *address, *certs, allow{})
	case "conventional":
		text, err := os.ReadFile(*annotations)
		if err != nil {
			return err
		}
		handler := newAnnotate()
		if err := json.Unmarshal(text, &handler.annotations); err != nil {
			return fmt.Errorf("%s: %w", *annotations, err)
		}
		return serveController(ctx, *address, *certs, handler)
	}
	return errors.New("got mode " + *mode + ", want bare, noop or conventional")
}
