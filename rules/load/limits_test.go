package load

import (
	"fmt"
	"strings"
	"testing"
)

func largeFile() Problems {
	_, ps := Rules("f", make([]byte, MaxFileSize+1))
	return ps
}

// manyAliases unfolds a few kilobytes to ten million ports.
func manyAliases() Problems {
	text := header + "rules:\n- name: a\n  destinations: &d {ports: [" + strings.Repeat("1,", 9999) + "1]}\n  strategy: {idleTimeout: 2h}\n"
	for i := range 1000 {
		text += fmt.Sprintf("- {name: r%d, destinations: *d, strategy: {idleTimeout: 2h}}\n", i)
	}
	_, ps := Rules("f", []byte(text))
	return ps
}

func manyProblems() Problems {
	_, ps := Rules("f", []byte(header+"rules: ["+strings.Repeat("x,\n", maxProblems+5)+"]\n"))
	return ps
}

// Limits end a load early, with one problem that says so.
func TestLimits(t *testing.T) {
	for code, problems := range map[Code]Problems{
		fileTooLarge: largeFile(), tooManyAliases: manyAliases(), tooManyProblems: manyProblems(),
	} {
		n := 0
		for _, p := range problems {
			if p.Code == code {
				n++
			}
		}
		if n != 1 || len(problems) > maxProblems+1 {
			t.Errorf("got %d of %d problems with code %s, want one", n, len(problems), code)
		}
	}
}
