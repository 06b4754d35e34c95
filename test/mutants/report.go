package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mutant is one changed place and what became of it.
type mutant struct {
	// status is gremlins' word: KILLED, LIVED, TIMED OUT, NOT COVERED, NOT VIABLE.
	status string
	// kind is gremlins' word for the change: CONDITIONALS_BOUNDARY makes < of <=.
	kind         string
	file         string
	line, column int
	code         string // the line, with the changed operator in «»
}

// key names the mutant without the line's number, which changes with every edit above it.
func (m mutant) key() string { return m.file + ": " + m.kind + " " + m.code }

func (m mutant) String() string { return fmt.Sprintf("%s:%d: %s %s", m.file, m.line, m.kind, m.code) }

var mutantLine = regexp.MustCompile(`(?m)^ *(KILLED|LIVED|TIMED OUT|NOT COVERED|NOT VIABLE|SKIPPED) ([A-Z_]+) at (\S+):(\d+):(\d+)$`)

// parse reads what gremlins prints.
func parse(output string) ([]mutant, error) {
	var mutants []mutant
	for _, match := range mutantLine.FindAllStringSubmatch(output, -1) {
		line, _ := strconv.Atoi(match[4])
		column, _ := strconv.Atoi(match[5])
		mutants = append(mutants, mutant{status: match[1], kind: match[2], file: match[3], line: line, column: column})
	}
	if mutants == nil {
		return nil, fmt.Errorf("got no mutant in its output, want some\n%s", output)
	}
	slices.SortFunc(mutants, func(a, b mutant) int {
		return cmp.Or(strings.Compare(a.file, b.file), a.line-b.line, a.column-b.column, strings.Compare(a.kind, b.kind))
	})
	return mutants, nil
}

// markedLine returns a line of a file with the operator at a column (in bytes, from 1) in «».
func markedLine(path string, line, column int) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1]) {
		return "", fmt.Errorf("%s: got no line %d with a column %d", path, line, column)
	}
	before, after := lines[line-1][:column-1], lines[line-1][column-1:]
	operator := after[:len(after)-len(strings.TrimLeft(after, "+-*/%<>=!"))]
	return strings.TrimSpace(before + "«" + operator + "»" + after[len(operator):]), nil
}

// parseAccepted reads the list of accepted survivors: how many of each key. Lines of # give
// the reason for the keys that follow, up to an empty line.
func parseAccepted(text string) (map[string]int, error) {
	accepted := map[string]int{}
	reason := false
	var problems []error
	for i, line := range strings.Split(text, "\n") {
		switch {
		case line == "":
			reason = false
		case strings.HasPrefix(line, "#"):
			reason = true
		case !reason:
			problems = append(problems, fmt.Errorf("accepted.txt:%d: got no reason above it", i+1))
		default:
			accepted[line]++
		}
	}
	return accepted, errors.Join(problems...)
}

// result is what became of a folder's mutants.
type result struct {
	folder string
	// noticed are those that a test failed on, and timedOut those that it never ended on.
	noticed, timedOut int
	// uncovered are those that no test reaches, and broken those that do not compile: neither
	// count.
	uncovered, broken int
	survivors         []mutant
	accepted          []mutant
	// stale are the keys of accepted mutants that do not live, or are no more.
	stale []string
}

// judge counts. Each accepted key stands for one survivor.
func judge(folder string, mutants []mutant, accepted map[string]int) result {
	r := result{folder: folder}
	left := map[string]int{}
	for key, n := range accepted {
		if strings.HasPrefix(key, folder+"/") {
			left[key] = n
		}
	}
	for _, m := range mutants {
		// A slower mutant may be one that no test notices on a faster machine.
		listed := left[m.key()] > 0 && (m.status == "LIVED" || m.status == "TIMED OUT")
		switch {
		case listed:
			left[m.key()]--
			r.accepted = append(r.accepted, m)
		case m.status == "LIVED":
			r.survivors = append(r.survivors, m)
		case m.status == "KILLED":
			r.noticed++
		case m.status == "TIMED OUT":
			r.timedOut++
		case m.status == "NOT VIABLE":
			r.broken++
		default:
			r.uncovered++
		}
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		if left[key] > 0 {
			r.stale = append(r.stale, key)
		}
	}
	return r
}

// percent is how many of the mutants that the tests reach they notice, less accepted ones.
func (r *result) percent() float64 {
	noticed := r.noticed + r.timedOut
	return 100 * float64(noticed) / float64(max(noticed+len(r.survivors), 1))
}

// problem is why the folder does not pass.
func (r *result) problem() error {
	var problems []error
	if got := r.percent(); got < enough {
		problems = append(problems, fmt.Errorf("%s: got %.1f %% noticed, want %d %%", r.folder, got, enough))
	}
	for _, key := range r.stale {
		problems = append(problems, fmt.Errorf("accepted.txt: no such mutant lives: %s", key))
	}
	return errors.Join(problems...)
}

// String shows the folder's survivors and counts.
func (r *result) String() string {
	var out strings.Builder
	for _, m := range r.survivors {
		fmt.Fprintln(&out, m)
	}
	for _, m := range r.accepted {
		fmt.Fprintln(&out, "accepted:", m)
	}
	covered := r.noticed + r.timedOut + len(r.survivors) + len(r.accepted)
	fmt.Fprintf(&out, "%s: %d covered mutants: %d noticed (%d never ended), %d lived, %d accepted: %.1f %%; besides, %d that no test reaches, %d that do not compile\n",
		r.folder, covered, r.noticed+r.timedOut, r.timedOut, len(r.survivors), len(r.accepted), r.percent(), r.uncovered, r.broken)
	return out.String()
}
