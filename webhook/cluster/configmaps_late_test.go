package cluster

import (
	"fmt"
	"testing"
)

// However many namespaces come at once, few readers are started; they get all, in turn, and
// others start when they have ended.
func TestLateNamespaces(t *testing.T) {
	const many = 1000
	var late lateNamespaces
	name := func(i int) string { return fmt.Sprint("team-", i) }
	for round := range 2 {
		readers := 0
		for i := range many {
			if late.put(lateNamespace{name: name(i)}) {
				readers++
			}
		}
		for i := range many {
			if got, ok := late.next(); !ok || got.name != name(i) {
				t.Fatalf("round %d: got namespace %q %v, want %s", round, got.name, ok, name(i))
			}
		}
		for range readers {
			if got, ok := late.next(); ok {
				t.Errorf("round %d: got namespace %s after all", round, got.name)
			}
		}
		if late.waiting != nil {
			t.Errorf("round %d: got room for %d namespaces kept, want none", round, cap(late.waiting))
		}
		if readers != lateAtATime {
			t.Errorf("round %d: got %d readers, want %d", round, readers, lateAtATime)
		}
	}
}
