package annotations

import (
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/istio"
	"github.com/holdfast-mesh/holdfast/rules"
)

// The list of managed annotations is complete and sorted, so that what is set
// is.
func TestManaged(t *testing.T) {
	got := strings.Join(Keys(), " ")
	want := rules.AppliedAnnotation + " " + rules.KeepaliveAnnotation + " " + istio.ProxyConfigAnnotation + " " +
		istio.ExcludeOutboundIPRangesAnnotation + " " + istio.ExcludeOutboundPortsAnnotation
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
