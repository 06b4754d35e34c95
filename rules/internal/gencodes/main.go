// Command gencodes writes docs/codes.md, the tables of all codes, from the
// comments of their constants. It is run by "go generate ./rules".
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gencodes:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("got %d arguments, want two: the root of the repository and the file to write", len(args))
	}
	text, err := page(os.DirFS(args[0]))
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], text, 0o644)
}
