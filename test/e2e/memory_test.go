package e2e

import (
	"fmt"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/cluster"
)

// Half of what starting takes is given back: 30 MiB of the program's file are in memory when it
// is ready for the first time, and stay there if nobody does anything about it.
func TestStartIsGivenBack(t *testing.T) {
	eventually(t, "most of the program's file out of memory", func() (bool, string) {
		file, err := cluster.Memory(shared.holdfast.Pid(), "RssFile")
		if err != nil {
			t.Fatal(err)
		}
		return file < 22<<20, fmt.Sprintf("%d KiB in memory", file>>10)
	})
}
