package webhook

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/go-logr/logr"
)

const (
	// settleTime is how long a directory must be quiet before its files are
	// read, so that a file is not read while it is written.
	settleTime = 50 * time.Millisecond
	// settleLimit is how long a directory that never gets quiet can delay
	// reading.
	settleLimit = 500 * time.Millisecond
	// pollInterval is the second way to notice a change: network file systems
	// report none, and a directory may be replaced as a whole.
	pollInterval = 10 * time.Second
	// missingInterval polls more often while there is nothing yet to serve.
	missingInterval = time.Second
	// maxFileBytes bounds what is read into memory at all. Rules are loaded up
	// to load.MaxFileSize; whoever goes beyond a little learns more from there.
	maxFileBytes = 64 << 20
)

// watchDir calls read now, after changes in dir, and every pollInterval, until
// ctx ends. It watches the directory and not its files: a mounted ConfigMap or
// Secret changes by swapping the symbolic link "..data" beside them, and
// editors replace files. While read returns false it is tried every second.
func watchDir(ctx context.Context, dir string, log logr.Logger, read func() bool) {
	dir = filepath.Clean(dir)
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		log.Error(err, "cannot watch directories, files are polled instead", "directory", dir, "interval", missingInterval.String())
		watcher = &fsnotify.Watcher{}
	} else {
		defer func() { _ = watcher.Close() }()
	}
	watch := func() bool { return err == nil && watcher.Add(dir) == nil }
	watched := watch()
	poll := time.NewTimer(0)
	defer poll.Stop()
	settle := time.NewTimer(time.Hour)
	settle.Stop()
	defer settle.Stop()
	var firstEvent time.Time // zero: nothing is waiting to settle
	load := func() {
		// Adding again is free, and needed after the directory was replaced.
		// If that makes a difference, the files may have changed unseen.
		watched = watch()
		interval := pollInterval
		if !read() || !watched {
			interval = missingInterval
		}
		poll.Reset(interval)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			load()
		case <-settle.C:
			firstEvent = time.Time{}
			load()
		case _, ok := <-watcher.Events:
			if !ok {
				return
			}
			switch {
			case firstEvent.IsZero():
				firstEvent = time.Now()
				settle.Reset(settleTime)
			case time.Since(firstEvent) < settleLimit:
				settle.Reset(settleTime)
			}
		case watchErr, ok := <-watcher.Errors:
			if !ok {
				return
			}
			// An overflow of the queue loses events; the poll finds what they said.
			log.Error(watchErr, "watching a directory failed, it is polled", "directory", dir)
		}
	}
}

// readFile reads a regular file of at most maxFileBytes.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s does not exist", path)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("got %s, which is no regular file, want one", path)
	case info.Size() > maxFileBytes:
		return nil, fmt.Errorf("got %s with %d bytes, want at most %d", path, info.Size(), maxFileBytes)
	}
	return os.ReadFile(path)
}
