package admission

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"

	"github.com/holdfast-mesh/holdfast/internal/clip"
)

// Names come before anybody has checked them, and rules match by the thousand:
// a log line stays one that can be read.
func TestLogLinesAreBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("apiVersion: holdfast.dev/v1alpha1\nkind: Rules\nrules:\n")
	for i := range 3800 {
		fmt.Fprintf(&text, "- {name: r%d, destinations: {ports: [6379]}, strategy: {idleTimeout: 48h}}\n", i)
	}
	h := newPodHandler(t, text.String())
	var lines []string
	h.Log = funcr.New(func(prefix, args string) { lines = append(lines, prefix+args) }, funcr.Options{})
	long := strings.Repeat("x", 1_000_000) // with more the pod is too large for any rule
	for _, field := range []string{"name", "generateName"} {
		responseOf(t, post(h, reviewOf(`{"metadata":{"`+field+`":"`+long+`"},"spec":{"containers":[]}}`, `"u-1"`, `"`+long[:100_000]+`"`)))
	}
	if len(lines) != 2 {
		t.Fatalf("got %d log lines, want one for each pod", len(lines))
	}
	for _, line := range lines {
		if len(line) > 8<<10 || !strings.Contains(line, "and 3780 more") {
			t.Errorf("got a line of %d bytes, want at most 8 KiB: %s", len(line), clip.Text(line, 300))
		}
	}
}
