package rules

import (
	"strings"
	"testing"
)

// A pod gets ten warnings at most, and the number of the others.
func TestWarningsAreFew(t *testing.T) {
	var w Warnings
	for range 15 {
		w.Add("Code", "text", "", "")
	}
	var both Warnings
	both.TakeAll(&w)
	all := both.All()
	if last := all[len(all)-1]; len(all) != maxWarnings+1 || last.Code != WarnMore || !strings.HasPrefix(last.Message, "5 more") {
		t.Errorf("got %v, want ten warnings and one that counts five more", all)
	}
}
