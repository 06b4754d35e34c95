//go:build !linux

package resident

// Release does nothing: servers run on Linux.
func Release() error { return nil }
