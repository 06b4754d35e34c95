package load

import (
	"testing"

	"github.com/holdfast-mesh/holdfast/test/turns"
)

// A long list is read in pieces, and as a whole where that is something else.
func TestReadInPieces(t *testing.T) {
	for _, test := range []struct {
		name, text string
		pieces     bool
	}{
		{"many rules", string(rulesOfTeams(1000)), true},
		{"in JSON", string(indented(t, rulesOfTeams(1000))), true},
		{"an alias", header + misleading[0], false},
	} {
		l := newLoader("f")
		file, by := l.read([]byte(test.text), 1)
		if file == nil || by.errors > 0 || (by == l) != test.pieces {
			t.Errorf("%s: got a file %v, in pieces %v, with %s; want a file, in pieces %v", test.name, file != nil, by == l, report(by.problems), test.pieces)
		}
	}
}

// Others get their turn between pieces of the text, and between rules that are compared.
func TestOthersGetTheirTurn(t *testing.T) {
	const n = 1000
	text := rulesOfTeams(n)
	turns := turns.During(func() {
		if _, problems := rulesOf("f", text, 1); problems.HasErrors() {
			t.Error(report(problems))
		}
	})
	if turns < n*18/10 { // at times the scheduler takes the same one again
		t.Errorf("got %d turns of others while %d rules were read, each a piece; want two for each", turns, n)
	}
}
