package resident

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The program takes less memory, and runs on.
func TestRelease(t *testing.T) {
	before := fileKiB(t)
	if err := Release(); err != nil {
		t.Fatal(err)
	}
	if after := fileKiB(t); after >= before {
		t.Errorf("got %d KiB of the program's file in memory, want less than the %d from before", after, before)
	}
}

// fileKiB is how much of files is in memory.
func fileKiB(t *testing.T) (kib int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, found, ok := strings.Cut(string(status), "RssFile:")
	if _, err := fmt.Sscanf(found, "%d kB", &kib); !ok || err != nil {
		t.Fatalf("no RssFile in %s: %v", status, err)
	}
	return kib
}
