package machine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// WaitLong is how long the lab waits for a program to become ready. Generous, because
// nothing measured depends on it.
const WaitLong = 60 * time.Second

// Together does the same for all items at once and returns every error. A panic becomes an
// error, so that the lab still cleans up.
func Together[T any](items []T, do func(T) error) error {
	problems := make([]error, len(items))
	var wait sync.WaitGroup
	for i, item := range items {
		wait.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					problems[i] = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
				}
			}()
			problems[i] = do(item)
		})
	}
	wait.Wait()
	return errors.Join(problems...)
}
