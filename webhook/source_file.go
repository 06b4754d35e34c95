package webhook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-logr/logr"

	"github.com/holdfast-mesh/holdfast/rules/load"
	"github.com/holdfast-mesh/holdfast/webhook/admission"
)

// fileSource offers a rules file to a store, and every later version of it.
type fileSource struct {
	path  string
	store *admission.Store
	log   logr.Logger
}

// run watches until ctx ends.
func (f *fileSource) run(ctx context.Context) {
	watchDir(ctx, filepath.Dir(f.path), f.log, f.read)
}

// read offers what the file holds now. It returns whether there was a file.
func (f *fileSource) read() bool {
	source := "file " + f.path
	data, err := readFile(f.path)
	if err != nil {
		f.store.Lost(source, err.Error())
		return false
	}
	f.store.Offer(source, f.path, data)
	return true
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist", path)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("got %s, which is no regular file, want one", path)
	case info.Size() > load.MaxFileSize:
		return nil, fmt.Errorf("got %s with %d bytes, want at most %d", path, info.Size(), load.MaxFileSize)
	}
	return os.ReadFile(path)
}
