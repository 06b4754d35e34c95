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
	if folder != "" {
		if err := write(result, folder); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "wrote lab.json, lab.svg and lab-pools.svg into %s\n", folder)
	}
	if result.Problems() != nil {
		return errUnexpected
	}
	return nil
}

func write(result *report.Run, folder string) error {
	data, err := result.JSON()
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"lab.json": data, "lab.svg": result.Timeline(), "lab-pools.svg": result.PoolTimeline(),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
