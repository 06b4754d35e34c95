package netns

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrClaimed says that another lab runs on this machine.
var ErrClaimed = errors.New("another lab is running, and the names of its namespaces are the same: wait until it has ended")

// Claim makes this process the only one that may make and remove namespaces of the lab, until
// release is called or the process ends, however that happens. Without it, a second lab would
// take the first one for what a killed run has left.
func Claim() (release func() error, err error) {
	return claim(filepath.Join(os.TempDir(), Prefix+"claimed"))
}

func claim(path string) (release func() error, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w (%s is locked)", ErrClaimed, path)
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return file.Close, nil
}
