package webhook

import (
	"context"
	"path/filepath"

	"github.com/go-logr/logr"

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

// read offers what the file holds now. It reports whether there was a file.
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
