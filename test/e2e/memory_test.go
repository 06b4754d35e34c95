package e2e

import (
	"fmt"
	"regexp"
	"strconv"
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

// Where little lives the collector lets more than half of it gather.
func TestCollectorIsSpared(t *testing.T) {
	percent := regexp.MustCompile(`(?m)^go_gc_gogc_percent (\d+)$`)
	eventually(t, "a distance of over 50 percent", func() (bool, string) {
		found := percent.FindStringSubmatch(shared.holdfast.Metrics(t.Context()))
		if found == nil {
			return false, "no such metric"
		}
		n, err := strconv.Atoi(found[1])
		return err == nil && n > 50 && n <= 200, found[0]
	})
}
