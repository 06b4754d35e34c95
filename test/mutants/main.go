// Command mutants changes conditions, boundaries and arithmetic of packages, one place at a
// time, and runs the package's tests on each such mutant. One that no test notices lives:
// a test is missing, or the code does nothing there and can go.
//
// The mutants are gremlins' work (github.com/go-gremlins/gremlins). This command runs it on
// a copy of the checkout without bin, which gremlins would copy for each of its workers,
// shows each survivor as a line of code with the changed operator in «», and fails below 90 %.
//
// accepted.txt lists survivors that change nothing that a test could see, with the reason.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// enough is how many percent of a package's mutants its tests have to notice.
const enough = 90

// patience is how many times as long as the unchanged tests, built included, a mutant may
// run before it counts as noticed: some never end.
const patience = 8

//go:embed accepted.txt
var acceptedFile string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	if err := flags.Parse(args); err != nil {
		return err
	}
	accepted, err := parseAccepted(acceptedFile)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := checkout(ctx, filepath.Join(work, "source")); err != nil {
		return err
	}
	var problems []error
	for _, folder := range flags.Args() {
		folder = path.Clean(folder)
		fmt.Fprintf(out, "changing %s: about five minutes on 2 cores\n", folder)
		start := time.Now()
		mutants, err := gremlins(ctx, work, folder)
		if err != nil {
			return err
		}
		result := judge(folder, mutants, accepted)
		text := result.String()
		fmt.Fprintf(out, "%sin %s\n\n", text, time.Since(start).Round(time.Second))
		if err := os.WriteFile(filepath.Join("bin", "mutants-"+strings.ReplaceAll(folder, "/", "-")+".txt"), []byte(text), 0o644); err != nil {
			return err
		}
		problems = append(problems, result.problem())
	}
	return errors.Join(problems...)
}

// checkout copies what git knows of, and what it would take, into a folder.
func checkout(ctx context.Context, folder string) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	const copyAll = `git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -xf - -C "$0"`
	output, err := exec.CommandContext(ctx, "bash", "-c", copyAll, folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copying the checkout: %w\n%s", err, output)
	}
	return nil
}

// gremlins makes the mutants of one folder of the copy and has its tests run on each.
func gremlins(ctx context.Context, work, folder string) ([]mutant, error) {
	source := filepath.Join(work, "source")
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	realGo, err := exec.LookPath("go")
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, filepath.Join(here, "bin", "tools", "gremlins"), "unleash",
		"--workers", strconv.Itoa(runtime.NumCPU()),
		"--timeout-coefficient", strconv.Itoa(patience),
		"--invert-negatives=false", // the same change as ARITHMETIC_BASE
		"./"+folder)
	command.Dir = source
	command.Env = append(os.Environ(), "MUTANTS_GO="+realGo,
		"TMPDIR="+work, // gremlins leaves its copies behind when it is interrupted
		"PATH="+filepath.Join(here, "test", "mutants")+string(os.PathListSeparator)+os.Getenv("PATH"),
		// Without -count gremlins may measure how long Go takes to read a result from its cache.
		"GOFLAGS=-count=1 "+os.Getenv("GOFLAGS"))
	output, err := command.CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err() // an interrupted run reports what it has, as if it were all
	}
	if err != nil {
		return nil, fmt.Errorf("gremlins of %s: %w\n%s", folder, err, output)
	}
	mutants, err := parse(string(output))
	if err != nil {
		return nil, fmt.Errorf("gremlins of %s: %w", folder, err)
	}
	for i := range mutants {
		mutants[i].file = folder + "/" + mutants[i].file
		if mutants[i].code, err = markedLine(filepath.Join(source, mutants[i].file), mutants[i].line, mutants[i].column); err != nil {
			return nil, err
		}
	}
	return mutants, nil
}
