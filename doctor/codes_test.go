package doctor

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-mesh/holdfast/test/source"
	"github.com/holdfast-mesh/holdfast/test/written"
)

var update = flag.Bool("update", false, "write the table of docs/doctor.md anew")

// The table of codes in docs/doctor.md is made of the one in the code. 'go test ./doctor
// -update' writes it.
func TestDocument(t *testing.T) {
	const path, begin, end = "../docs/doctor.md", "<!-- codes, written by 'go test ./doctor -update' -->\n", "<!-- end of codes -->\n"
	var table strings.Builder
	table.WriteString("| check | code | severity | what was found | why it matters |\n|---|---|---|---|---|\n")
	for _, a := range Codes() {
		fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s | %s |\n", a.Check, a.Code, a.Severity, a.Meaning, a.Why)
	}
	written.CheckPart(t, path, begin, end, table.String(), "go test ./doctor -update", *update)
}

// Every code that is declared has one row, in the order of the checks, and says whole
// sentences.
func TestCodesAreComplete(t *testing.T) {
	for _, code := range source.Constants(t, "codes.go", "Code") {
		rows := 0
		for _, a := range Codes() {
			if string(a.Code) == code {
				rows++
			}
		}
		if rows != 1 {
			t.Errorf("%s: got %d rows, want 1", code, rows)
		}
	}
	sentence := regexp.MustCompile(`^[A-Zz].*\.$`) // ztunnel has no capital
	last := 0
	for _, a := range Codes() {
		at := slices.Index(Names(), a.Check)
		if at < last {
			t.Errorf("%s: check %q is unknown or out of order", a.Code, a.Check)
		}
		last = max(at, last)
		if !sentence.MatchString(a.Meaning) || !sentence.MatchString(a.Why) {
			t.Errorf("%s: got %q and %q, want sentences", a.Code, a.Meaning, a.Why)
		}
	}
}

// A report fails with a problem, and when nothing at all could be seen: what was not
// looked at is no all-clear.
func TestFailed(t *testing.T) {
	with := func(codes ...Code) Result {
		r := Result{Seen: "something"}
		for _, c := range codes {
			r.Add(c, "", "", "")
		}
		return r
	}
	for _, test := range []struct {
		name   string
		result Result
		status Status
		failed bool
	}{
		{"fine", with(), Fine, false},
		{"a warning", with(TimeoutLong), Warnings, false},
		{"a problem beside a warning", with(TimeoutLong, OrderWrong), Problems, true},
		{"nothing seen", Result{NotChecked: []string{"forbidden"}}, NotChecked, true},
		{"some seen", Result{Seen: "a", NotChecked: []string{"forbidden"}}, Fine, false},
		{"a problem with what was seen", Result{Findings: with(OrderWrong).Findings, NotChecked: []string{"forbidden"}}, Problems, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.result.Close()
			report := Report{Checks: []Result{test.result}}
			if test.result.Status != test.status || report.Failed() != test.failed {
				t.Errorf("got %s, failed %v; want %s, failed %v", test.result.Status, report.Failed(), test.status, test.failed)
			}
		})
	}
	one := Result{NotChecked: []string{"forbidden"}}
	one.Close()
	fine := with()
	fine.Close()
	if report := (Report{Checks: []Result{one, fine}}); report.Failed() {
		t.Error("got a failure where one of two checks was fine and the other not to be made")
	}
}
