package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/holdfast-mesh/holdfast/test/lab/report"
)

// errUnexpected says that the lab ran, and a scenario was not as its table expects.
var errUnexpected = errors.New("not everything was as expected")

// publish shows the run, writes its files, and fails when a scenario was not as expected.
func publish(result *report.Run, folder string, stdout io.Writer) error {
	if err := result.Table(stdout); err != nil {
		return err
	}
	if err := write(result, folder, stdout); err != nil {
		return err
	}
	if result.Problems() != nil {
		return errUnexpected
	}
	return nil
}

// write writes the run's files. The document needs the scenarios that it speaks of; without
// them, and with ones that went wrong, there is none.
func write(result *report.Run, folder string, stdout io.Writer) error {
	data, err := result.JSON()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "lab.json"), data, 0o644); err != nil {
		return err
	}
	if err := draw(result, folder); err != nil {
		fmt.Fprintf(stdout, "lab.json, lab.svg and lab-pools.svg are in %s; no page is: %v\n", folder, err)
		return nil
	}
	fmt.Fprintf(stdout, "lab.json, lab.svg, lab-pools.svg and why-connections-die.md are in %s\n", folder)
	return nil
}

// redraw writes everything that follows from a folder's lab.json.
func redraw(folder string) error {
	result, err := report.Read(filepath.Join(folder, "lab.json"))
	if err != nil {
		return err
	}
	return draw(result, folder)
}

func draw(result *report.Run, folder string) error {
	files, problem := result.Files()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return problem
}
