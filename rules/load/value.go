package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/internal/yamltext"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/grammar"
	"github.com/holdfast-mesh/holdfast/rules/load/internal/pieces"
)

// loader walks the tree of one file. It keeps no node beyond the walk.
type loader struct {
	name     string
	problems Problems
	errors   int             // problems so far that are errors, listed or not
	dropped  int             // problems over maxProblems
	values   int             // visited so far
	full     bool            // visited or found wrong too many, the walk is to end
	tried    int             // combinations that did not fit into patterns
	over     map[string]bool // destinations that did not, and those that did
	texts    map[string]string
	labels   map[string]error // verdicts on label keys ("k:") and values ("v:")
	marks    []ruleMarks      // beside rules.File.Rules
	allowed  []Code           // warnings that are meant where the walk is
	cut      []pieces.Piece   // of the list of rules, those that are still to be read

	rootNamespace string // of Istio, known before the rules are read
}

func newLoader(name string) *loader {
	return &loader{name: name, texts: map[string]string{}, labels: map[string]error{}, over: map[string]bool{}}
}

// mark is a position in the text.
type mark struct{ line, column int }

func markOf(n *yaml.Node) mark { return mark{n.Line, n.Column} }

// value is a node with its path. The node is what counts, aliases followed;
// use is where it stands, the alias if it is behind one.
type value struct {
	*yaml.Node
	use *yaml.Node
	at  *path
}

// given reports whether there is such a value in the file.
func (v value) given() bool { return v.Node != nil }

// path is where a value stands, linked upwards, so that only a problem costs a
// string.
type path struct {
	up     *path
	key    string
	index  int  // counts if key is empty and not quoted
	quoted bool // the key is the user's own, a label
}

// String is "rules[2].destinations.ports[0]". Keys that look like none of the
// format are quoted.
func (p *path) String() string {
	switch {
	case p == nil:
		return ""
	case p.key == "" && !p.quoted:
		return p.up.String() + "[" + strconv.Itoa(p.index) + "]"
	case p.quoted || !grammar.IsDNSLabel(grammar.PlainKey(p.key)):
		return p.up.String() + "[" + grammar.Show(p.key) + "]"
	case p.up == nil:
		return grammar.Clipped(p.key)
	}
	return p.up.String() + "." + grammar.Clipped(p.key)
}

// report adds a problem, unless it is a warning that is meant.
func (l *loader) report(where mark, severity Severity, code Code, at *path, format string, args ...any) {
	switch {
	case severity == Error:
		l.errors++
	case slices.Contains(l.allowed, code):
		return
	}
	if len(l.problems) >= maxProblems {
		l.dropped++
		l.full = l.full || l.errors > 0
		return
	}
	l.problems = append(l.problems, Problem{
		File: l.name, Line: where.line, Column: where.column,
		Severity: severity, Code: code, Path: at.String(), Message: fmt.Sprintf(format, args...),
	})
}

func (l *loader) errorAt(v value, code Code, format string, args ...any) {
	if isTemplate(v.Node) {
		format += "; it looks like a template: render it first, as with helm template"
	}
	l.report(markOf(v.Node), Error, code, v.at, format, args...)
}

// isTemplate reports whether a value is "{{ ... }}", with quotes or without.
func isTemplate(n *yaml.Node) bool {
	const enough = 64 // bytes
	switch n.Kind {
	case yaml.ScalarNode:
		return strings.Contains(n.Value[:min(len(n.Value), enough)], "{{")
	case yaml.MappingNode:
		return len(n.Content) == 2 && yamltext.IsUnrendered(n)
	}
	return false
}

func (l *loader) warnAt(v value, code Code, format string, args ...any) {
	l.report(markOf(v.Node), Warning, code, v.at, format, args...)
}

// later is a text of a message that is worked out only for a problem that is
// listed: a hostile file has a million others.
type later func() string

func (text later) String() string { return text() }

// value follows aliases, and counts: they can unfold a small file into billions
// of values.
func (l *loader) value(n *yaml.Node, at *path) value {
	v := value{n, n, at}
	for range maxDepth {
		if v.Kind != yaml.AliasNode || v.Alias == nil {
			break
		}
		v.Node = v.Alias
		l.values += len(v.Value) / charge
	}
	l.count(v)
	return v
}

// count counts one more value, and ends the walk after too many.
func (l *loader) count(v value) {
	if l.values++; l.values > maxValues && !l.full {
		l.full = true
		v.at = nil
		l.errorAt(v, tooManyAliases, "got more than %d values after unfolding aliases, want fewer: write the values out, or join rules", maxValues)
	}
}

// list reads the items of a sequence, and returns how many it has: -1 if it is
// none, which is reported.
func (l *loader) list(v value, want string, read func(item value)) int {
	if v.Kind != yaml.SequenceNode {
		l.wrongType(v, want)
		return -1
	}
	l.items(v, 0, read)
	return len(v.Content)
}

// items reads the items of a sequence, whose first one counts as this.
func (l *loader) items(v value, first int, read func(item value)) {
	for i := 0; i < len(v.Content) && !l.full; i++ {
		read(l.value(v.Content[i], &path{up: v.at, index: first + i}))
	}
}

// intern returns one shared copy of a text that stays in the File: 10,000
// rules repeat their namespaces and labels.
func (l *loader) intern(s string) string {
	if t, ok := l.texts[s]; ok {
		return t
	}
	l.texts[s] = s
	return s
}
