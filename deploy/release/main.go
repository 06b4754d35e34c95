// Command release makes what people download: 'make image' and 'make release' run it, with
// the toolchain that the Makefile names. It asks no network but the Go module proxy.
//
// The same sources give the same bytes, on any machine: that is what lets anybody check that
// a release was made of its tag.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	root := flags.String("root", "../..", "the repository")
	version := flags.String("version", "", "what 'git describe' says of the source: v1.2.3 for a tag")
	image := flags.String("image", "", "where the image will be found, REGISTRY/NAME without tag; empty: where the chart looks for it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("got %q, want one word: image or all", flags.Args())
	}
	at, err := sourceTime(ctx, *root)
	if err != nil {
		return err
	}
	full, err := releaseVersion(*version)
	if err != nil {
		return err
	}
	r := release{root: *root, out: filepath.Join(*root, "dist"), version: full, image: *image, at: at, log: stdout}
	switch flags.Arg(0) {
	case "image":
		return r.onlyImage(ctx)
	case "all":
		return r.all(ctx)
	}
	return fmt.Errorf("got %q, want image or all", flags.Arg(0))
}

// sourceTime is when the source was last changed, the only time that files of a release
// carry. SOURCE_DATE_EPOCH tells it where there is no git, in seconds since 1970.
// Source: https://reproducible-builds.org/specs/source-date-epoch/
func sourceTime(ctx context.Context, root string) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		git := exec.CommandContext(ctx, "git", "-C", root, "log", "-1", "--format=%ct")
		output, err := git.Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("no time of the source: set SOURCE_DATE_EPOCH, or run this in a clone (%s: %w)", git, err)
		}
		text = strings.TrimSpace(string(output))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: got %q, want seconds since 1970", text)
	}
	// Archives for Windows know no earlier year than 1980.
	if at := time.Unix(seconds, 0).UTC(); at.Year() >= 1980 {
		return at, nil
	}
	return time.Time{}, errors.New("SOURCE_DATE_EPOCH: got a time before 1980, which zip cannot hold")
}

// releaseVersion is a version that Helm, krew and Go take, made of what 'git describe' said.
// A tag stays as it is; a commit without any tag before it ("a3366c9") becomes
// "v0.0.0-ga3366c9", as git itself would write it behind a tag.
func releaseVersion(described string) (string, error) {
	if described == "" {
		return "", errors.New("no version: say make release VERSION=v1.2.3, or run it in a clone with git")
	}
	version := described
	if !strings.HasPrefix(version, "v") {
		version = "v0.0.0-g" + described
	}
	// Build metadata is refused: a container's tag cannot hold "+".
	if !semver.IsValid(version) || semver.Canonical(version) != version {
		return "", fmt.Errorf("version: got %q, want one like v1.2.3 or v1.2.3-rc.1", described)
	}
	return version, nil
}
