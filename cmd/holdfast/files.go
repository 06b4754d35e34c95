package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// readInput reads a file, or standard input for "-".
func readInput(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		data, err := io.ReadAll(cmd.InOrStdin())
		if err != nil {
			return nil, fmt.Errorf("reading standard input: %w", err)
		}
		return data, nil
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, syscall.EISDIR) {
		advice := "name a file in it"
		if cmd.Flags().Lookup(recursiveFlag) != nil {
			advice = "name the files in it, or add -R"
		}
		return nil, fmt.Errorf("%w: %s", err, advice)
	}
	return data, err
}

// displayName is how a file is called in messages.
func displayName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// stdinOnce checks that at most one of the files is standard input.
func stdinOnce(cmd *cobra.Command, names ...string) error {
	if first := slices.Index(names, "-"); first >= 0 && slices.Contains(names[first+1:], "-") {
		return usageError(cmd, "standard input can be read only once: got - for more than one file")
	}
	return nil
}

// recursiveFlag is kubectl's name for it.
const recursiveFlag = "recursive"

func addRecursive(flags *pflag.FlagSet, recursive *bool) {
	flags.BoolVarP(recursive, recursiveFlag, "R", false, "of folders, read all .yaml, .yml and .json files, in folders below too; what begins with a dot is left out")
}

// filesIn returns the files of a folder and the folders below that are read with
// -R, in order; of a name that is no folder, that name. Names that begin with a dot
// are left out: .git, and what a mounted ConfigMap's links point to.
func filesIn(name string, recursive bool) ([]string, error) {
	info, err := os.Stat(name)
	if !recursive || name == "-" || err != nil || !info.IsDir() {
		return []string{name}, nil // reading it tells what is wrong
	}
	var files []string
	err = filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		hidden := path != name && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return fs.SkipDir
		case hidden || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)):
			return nil
		}
		if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() { // links too; dangling ones fail when read
			files = append(files, path)
		}
		return nil
	})
	if err == nil && files == nil {
		err = fmt.Errorf("%s: got no .yaml, .yml or .json file in this folder, want some", name)
	}
	return files, err
}
