// Package load reads rules files strictly and says everything that is wrong
// with one at once.
//
// [Rules] turns a text into a rules.File, or into [Problems]: each [Problem]
// has a position, a [Code] that stays the same between versions, what was
// found, what is wanted, and what to write. An error makes a file unusable, a
// warning does not. docs/rules.md describes the format, docs/codes.md
// lists the codes.
// [Schema] is the format for editors; it comes from the same types as the keys
// that the loader knows, so the two agree.
//
// Files come from outside: work and memory grow linearly with the text, up to
// [MaxFileSize].
package load

import (
	"fmt"

	"github.com/holdfast-mesh/holdfast/rules"
)

const (
	// MaxFileSize is the size of a rules file, in bytes, wherever it comes from.
	// 10,000 rules take 1.6 MB in flow style and about 4 MB in block style. A
	// ConfigMap holds 1 MiB; larger files reach the webhook by --rules-file.
	MaxFileSize = 8 << 20
	// maxValues is how many values a file may hold after its aliases are
	// unfolded. Each charge bytes of a text behind an alias count as one more.
	maxValues = 2_000_000
	charge    = 16
	// maxProblems is how many problems are listed. After that many errors reading
	// ends: nobody mends more at a time, and good rules may be waiting.
	maxProblems = 10_000
	// maxMarks is how many of the characters that begin a value a file may hold,
	// maxLineMarks how many of them a line: YAML's parser takes 300 bytes of memory
	// for each, and within a line a thousand. 10,000 rules have 170,000.
	maxMarks     = 300_000
	maxLineMarks = 100_000
	// pieceSize is how many bytes of a long list of rules are parsed at a time, which takes two
	// milliseconds: the tree of more would be what a process needs its memory for, and the time
	// what its requests wait for.
	pieceSize = 8 << 10
	// maxDepth is how deep a file may nest; the format itself needs 8.
	maxDepth = 64
)

// Rules reads a rules file. Every problem is reported, errors and warnings, in
// text order; file is nil if there is any error. name stands in the problems.
//
// YAML 1.2 and JSON are read; anchors, aliases and merge keys count as what
// they stand for. After an error of syntax nothing else is reported.
func Rules(name string, data []byte) (file *rules.File, problems Problems) {
	return rulesOf(name, data, pieceSize)
}

// rulesOf reads a file, a long list of rules in pieces of about so many bytes.
func rulesOf(name string, data []byte, size int) (file *rules.File, problems Problems) {
	l := newLoader(name)
	if l.check(data) {
		file, l = l.read(data, size)
	}
	l.problems.sort()
	l.problems = l.problems.withoutRepeats()
	if l.dropped > 0 {
		last := l.problems[len(l.problems)-1]
		severity := Error
		if l.errors == 0 { // of very many rules each may have a warning
			severity = Warning
		}
		l.problems = append(l.problems, Problem{
			File: name, Line: last.Line, Column: last.Column, Severity: severity, Code: tooManyProblems,
			Message: fmt.Sprintf("got more than %d problems, want none: solve these first", maxProblems),
		})
	}
	if l.problems.HasErrors() {
		return nil, l.problems
	}
	return file, l.problems
}
