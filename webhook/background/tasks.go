// Package background runs what goes on beside the main work of a program.
package background

import (
	"sync"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// Tasks is a sync.WaitGroup whose functions end the process by a panic as client-go's do:
// not before everybody in runtime.PanicHandlers was told, of whom one writes what the log
// still holds back.
type Tasks struct{ sync.WaitGroup }

// Go runs a function in a goroutine of its own.
func (t *Tasks) Go(f func()) {
	t.WaitGroup.Go(func() {
		defer utilruntime.HandleCrash()
		f()
	})
}
