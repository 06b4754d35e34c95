// Command genschema writes the JSON Schema of a rules file. It is run by
// "go generate ./rules/load".
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "genschema:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("got %d arguments, want two: the folder of package wire and the file to write", len(args))
	}
	text, err := generate(args[0])
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], text, 0o644)
}
