// Command run shows holdfast's main job on loopback: it serves the webhook's
// handler over TLS with a certificate made on the spot and a rules file, sends
// it pods the way an API server would, and prints what changed in each and why.
//
// It is not the program 'holdfast webhook', whose client of a cluster takes
// most of a first build; it is the same handler, and nothing here needs a
// cluster.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/holdfast-mesh/holdfast/test/reviews"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rulesFile := flags.String("rules", "deploy/examples/rules.yaml", "rules file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	files, err := manifests(flags.Args())
	if err != nil {
		return err
	}
	var pods []pod
	for _, path := range files {
		found, err := readPods(path)
		if err != nil {
			return err
		}
		pods = append(pods, found...)
	}
	server, err := start(*rulesFile, stderr)
	if err != nil {
		return err
	}
	defer server.stop()
	fmt.Fprintf(stdout, "The webhook's handler serves on %s with the rules of %s.\n", server.url, *rulesFile)
	fmt.Fprintf(stdout, "Sending it %d pods as an API server would:\n", len(pods))
	for _, p := range pods {
		answer, err := reviews.Send(ctx, server.client, server.url, p.object)
		if err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		fmt.Fprintln(stdout)
		if err := p.print(stdout, answer, server.verdict()); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
	}
	fmt.Fprintf(stdout, `
Now yours:
  make run POD=your.yaml
      the same with your own pod or workload (and RULES=your-rules.yaml)
  make build
      the program itself, bin/holdfast: about two minutes on 2 cores the first time
  bin/holdfast explain -f %[1]s your.yaml
      why each rule matches or does not
  bin/holdfast patch -f %[1]s your.yaml
      your manifest with its new annotations
  bin/holdfast check your-rules.yaml
      is a rules file right?
`, *rulesFile)
	return nil
}

// manifests lists the YAML and JSON files among the arguments and below folders.
func manifests(arguments []string) ([]string, error) {
	var files []string
	for _, argument := range arguments {
		err := filepath.WalkDir(argument, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && (path == argument || slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path))) {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, errors.New("no manifest given: name files or folders with pods")
	}
	return files, nil
}
