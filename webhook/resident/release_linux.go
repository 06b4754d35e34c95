package resident

import (
	"fmt"
	"os"
	"syscall"
)

// Release gives back all pages of the program's own file that are in memory. What is needed again
// comes back by itself, in pieces of 64 KiB from the kernel's cache. It is for a moment at which
// much is behind a program that it will not do again.
// Source: https://man7.org/linux/man-pages/man2/madvise.2.html, MADV_DONTNEED
func Release() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return err
	}
	for _, s := range unwritten(string(smaps), program) {
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, s.start, s.end-s.start, syscall.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("madvise of %x-%x: %w", s.start, s.end, errno)
		}
	}
	return nil
}
