package decide

import (
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/rules"
)

// A pod gets ten warnings at most, and the number of the others.
func TestWarningsAreFew(t *testing.T) {
	var w warnings
	for range 15 {
		w.add("Code", "text", "", "")
	}
	all := w.all()
	if last := all[len(all)-1]; len(all) != maxWarnings+1 || last.Code != rules.WarnMore || !strings.HasPrefix(last.Message, "5 more") {
		t.Errorf("got %v, want ten warnings and one that counts five more", all)
	}
}
