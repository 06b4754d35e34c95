package load

import "testing"

// A long list is read in pieces, and as a whole where that is something else.
func TestReadInPieces(t *testing.T) {
	for _, test := range []struct {
		name, text string
		pieces     bool
	}{
		{"many rules", string(rulesOfTeams(1000)), true},
		{"an alias", header + misleading[0], false},
	} {
		l := newLoader("f")
		file, by := l.read([]byte(test.text), 1)
		if file == nil || by.errors > 0 || (by == l) != test.pieces {
			t.Errorf("%s: got a file %v, in pieces %v, with %s; want a file, in pieces %v", test.name, file != nil, by == l, report(by.problems), test.pieces)
		}
	}
}
