package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const output = `
Starting...
Gathering coverage... done in 2 seconds
       LIVED CONDITIONALS_BOUNDARY at b.go:3:12
      KILLED CONDITIONALS_NEGATION at b.go:3:12
   TIMED OUT INCREMENT_DECREMENT at a.go:2:3
 NOT COVERED ARITHMETIC_BASE at a.go:1:1
  NOT VIABLE ARITHMETIC_BASE at a.go:9:1

Killed: 1, Lived: 1, Not covered: 1
`

func TestParse(t *testing.T) {
	mutants, err := parse(output)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range mutants {
		got = append(got, m.status+" "+m.String())
	}
	const want = `NOT COVERED a.go:1: ARITHMETIC_BASE 
TIMED OUT a.go:2: INCREMENT_DECREMENT 
NOT VIABLE a.go:9: ARITHMETIC_BASE 
LIVED b.go:3: CONDITIONALS_BOUNDARY 
KILLED b.go:3: CONDITIONALS_NEGATION `
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if _, err := parse("no results"); err == nil {
		t.Error("got no error for an output without mutants")
	}
}

func TestMarkedLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.go")
	if err := os.WriteFile(path, []byte("a\n\tif x <= -1 {\n\ti++\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		line, column int
		want         string
	}{
		{2, 7, "if x «<=» -1 {"},
		{2, 10, "if x <= «-»1 {"},
		{3, 3, "i«++»"},
	} {
		if got, err := markedLine(path, test.line, test.column); got != test.want || err != nil {
			t.Errorf("%d:%d: got %q, %v, want %q", test.line, test.column, got, err, test.want)
		}
	}
	for _, wrong := range [][2]int{{0, 1}, {9, 1}, {2, 99}} {
		if got, err := markedLine(path, wrong[0], wrong[1]); err == nil {
			t.Errorf("%v: got %q, want an error", wrong, got)
		}
	}
}

func TestJudge(t *testing.T) {
	accepted, err := parseAccepted("# it is so\nf/a.go: K x «<» y\nf/a.go: K gone\n\n# or so\nf/a.go: K noticed\ng/a.go: K of another folder\n")
	if err != nil {
		t.Fatal(err)
	}
	lives := mutant{status: "LIVED", kind: "K", file: "f/a.go", line: 7, code: "x «<» y"}
	r := judge("f", []mutant{
		lives, lives, // one entry is one survivor
		{status: "KILLED", kind: "K", file: "f/a.go", code: "noticed"},
		{status: "KILLED"},
		{status: "TIMED OUT"},
		{status: "NOT VIABLE"},
		{status: "NOT COVERED"},
	}, accepted)
	const want = `f/a.go:7: K x «<» y
accepted: f/a.go:7: K x «<» y
f: 5 covered mutants: 3 noticed (1 never ended), 1 lived, 1 accepted: 75.0 %; besides, 1 that no test reaches, 1 that do not compile
`
	if got := r.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	const problem = `f: got 75.0 % noticed, want 90 %
accepted.txt: no such mutant lives: f/a.go: K gone
accepted.txt: no such mutant lives: f/a.go: K noticed`
	if got := r.problem(); got == nil || got.Error() != problem {
		t.Errorf("got problem\n%v\nwant\n%s", got, problem)
	}
	r = judge("g", []mutant{{status: "LIVED", kind: "K", file: "g/a.go", code: "of another folder"}, {status: "KILLED"}}, accepted)
	if err := r.problem(); err != nil {
		t.Errorf("got problem %v, want none", err)
	}
}

// Every accepted survivor has a reason.
func TestAccepted(t *testing.T) {
	if _, err := parseAccepted(acceptedFile); err != nil {
		t.Error(err)
	}
	if _, err := parseAccepted("# a reason\n\nf/a.go: K x\n"); err == nil {
		t.Error("got no error for an entry without a reason")
	}
}
