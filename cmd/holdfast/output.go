package main

import (
	"errors"
	"fmt"
	"io"
)

// results is standard output. It remembers the first error, so that no command
// ends well whose result was not written, whoever wrote it: a full disk, a closed
// pipe.
type results struct {
	io.Writer
	err error
}

// Write writes nothing more after an error: what follows a gap is no result.
func (r *results) Write(text []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.Writer.Write(text)
	r.err = err
	return n, err
}

// failed adds the error of writing to that of the command, which may be the same.
func (r *results) failed(err error) error {
	if r.err == nil || errors.Is(err, r.err) {
		return err
	}
	written := fmt.Errorf("writing the output: %w", r.err)
	if err == nil || err.Error() == "" {
		return written
	}
	return errors.Join(err, written)
}
