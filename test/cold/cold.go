// Package cold lets benchmarks meet caches as they are after others have used them: between two
// reviews an API server does, so that what is touched is touched for the first time.
package cold

import (
	"syscall"
	"testing"
)

// Caches returns a function that walks through 64 MiB, more than the caches of most machines
// hold. It is no part of the heap, so that the collector runs as often as it does in a webhook.
func Caches(b *testing.B) (evict func()) {
	b.Helper()
	others, err := syscall.Mmap(-1, 0, 64<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = syscall.Munmap(others) })
	return func() {
		const line = 64
		for i := 0; i < len(others); i += line {
			others[i]++
		}
	}
}
