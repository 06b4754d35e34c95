package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// platform is an operating system and an architecture, by their names in Go.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "_" + p.arch }

// program is the name of the program in an archive.
func (p platform) program() string {
	if p.os == "windows" {
		return "holdfast.exe"
	}
	return "holdfast"
}

// platforms are those that people run the command line on; of them, Linux is in the image.
var platforms = []platform{
	{"linux", "amd64"},
	{"linux", "arm64"},
	{"darwin", "amd64"},
	{"darwin", "arm64"},
	{"windows", "amd64"},
}

// build compiles the program for the platform into the file. Whatever could make two
// machines differ is fixed here: C, the levels of a processor, experiments, flags of the
// one who builds, paths (-trimpath), and what git says of a folder (-buildvcs): the version
// alone tells where it comes from.
func build(ctx context.Context, root, version string, p platform, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version="+version, "-o", file, "./cmd/holdfast")
	command.Dir = root
	command.Env = append(os.Environ(),
		"GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0", "CGO_ENABLED=0",
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("for %s: %w\n%s", p, err, output)
	}
	return nil
}
