package rules

import (
	"fmt"
	"strconv"

	yaml "go.yaml.in/yaml/v4"

	"github.com/holdfast-mesh/holdfast/rules/internal/wire"
)

// Tags that YAML gives to plain values.
const (
	nullTag  = "!!null"
	boolTag  = "!!bool"
	strTag   = "!!str"
	intTag   = "!!int"
	mergeTag = "!!merge"
	timeTag  = "!!timestamp"
)

// loader walks the tree of one file. It keeps no node beyond the walk.
type loader struct {
	name     string
	problems Problems
	dropped  int // problems over MaxProblems
	values   int // visited so far
	full     bool
	tried    int               // combinations that did not fit into patterns
	texts    map[string]string // one copy of each text that stays
	labels   map[string]error  // verdicts on label keys ("k:") and values ("v:")
	marks    []ruleMarks       // for lint, beside File.Rules
}

// mark is a position in the text.
type mark struct{ line, column int }

func newLoader(name string) *loader {
	return &loader{name: name, texts: map[string]string{}, labels: map[string]error{}}
}

// path is where a value stands, linked upwards, so that only a problem costs a
// string.
type path struct {
	up    *path
	key   string
	index int  // counts if key is empty
	user  bool // the key is the user's own, a label
}

// String is "rules[2].destinations.ports[0]". Keys that the format does not
// know are quoted.
func (p *path) String() string {
	switch {
	case p == nil:
		return ""
	case p.user:
		return p.up.String() + "[" + strconv.Quote(p.key) + "]"
	case p.key == "":
		return p.up.String() + "[" + strconv.Itoa(p.index) + "]"
	case p.up == nil:
		return p.key
	}
	return p.up.String() + "." + p.key
}

// report adds a problem.
func (l *loader) report(line, column int, severity Severity, code string, at *path, message string) {
	if len(l.problems) >= MaxProblems {
		l.dropped++
		return
	}
	l.problems = append(l.problems, Problem{
		File: l.name, Line: line, Column: column,
		Severity: severity, Code: code, Path: at.String(), Message: message,
	})
}

// reportDropped says at the end how many problems are not listed.
func (l *loader) reportDropped() {
	if l.dropped == 0 {
		return
	}
	last := l.problems[len(l.problems)-1]
	l.problems = append(l.problems, Problem{
		File: l.name, Line: last.Line, Column: last.Column, Severity: SeverityError, Code: TooManyProblems,
		Message: fmt.Sprintf("got %d more problems, want none: solve these first", l.dropped),
	})
}

func (l *loader) errorAt(n *yaml.Node, code string, at *path, format string, args ...any) {
	l.report(n.Line, n.Column, SeverityError, code, at, fmt.Sprintf(format, args...))
}

func (l *loader) warnAt(n *yaml.Node, code string, at *path, format string, args ...any) {
	l.report(n.Line, n.Column, SeverityWarning, code, at, fmt.Sprintf(format, args...))
}

// resolve follows an alias, and counts: aliases can unfold a small file into
// billions of values.
func (l *loader) resolve(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	if l.values++; l.values > MaxValues && !l.full {
		l.full = true
		l.errorAt(n, TooManyAliases, nil, "got more than %d values after unfolding aliases, want fewer: write the values out, or join rules", MaxValues)
	}
	return n
}

// content returns keys and values of a mapping in turn, with merge keys
// replaced by what they bring. Its own keys win over merged ones, earlier
// merges over later ones: https://yaml.org/type/merge.html
func (l *loader) content(n *yaml.Node, at *path, depth int) []*yaml.Node {
	merges := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		merges = merges || isMerge(n.Content[i])
	}
	if !merges {
		return n.Content
	}
	if depth > maxDepth {
		l.errorAt(n, TooManyAliases, at, "got merge keys nested over %d deep, want fewer: does an anchor merge itself?", maxDepth)
		return nil
	}
	var own []*yaml.Node
	var merge *yaml.Node
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; !isMerge(k) {
			own = append(own, k, n.Content[i+1])
			seen[k.Value] = true
		}
	}
	for i := 0; i+1 < len(n.Content) && !l.full; i += 2 {
		k := n.Content[i]
		switch {
		case !isMerge(k):
			continue
		case merge != nil:
			l.duplicateKey(k, at, merge.Line)
		default:
			merge = k
		}
		from := l.resolve(n.Content[i+1])
		sources := []*yaml.Node{from}
		if from.Kind == yaml.SequenceNode {
			sources = from.Content
		}
		for _, source := range sources {
			source = l.resolve(source)
			if l.full {
				break
			}
			if source.Kind != yaml.MappingNode {
				l.errorAt(source, WrongType, at, "got %s to merge with <<, want a mapping or a list of mappings", describe(source))
				continue
			}
			merged := l.content(source, at, depth+1)
			inSource := map[string]int{}
			for j := 0; j+1 < len(merged); j += 2 {
				l.resolve(merged[j+1])
				key := merged[j].Value
				if first, ok := inSource[key]; ok {
					l.duplicateKey(merged[j], at, first)
				}
				inSource[key] = merged[j].Line
				if !seen[key] {
					seen[key] = true
					own = append(own, merged[j], merged[j+1])
				}
			}
		}
	}
	return own
}

// duplicateKey reports a key that stands before, in line first.
func (l *loader) duplicateKey(k *yaml.Node, at *path, first int) {
	l.errorAt(k, DuplicateKey, &path{up: at, key: clip(k.Value), user: !isDNSLabel(plainKey(k.Value))},
		"got %s a second time, want it once: the first is on line %d", show(k.Value), first)
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Tag == mergeTag }

// object is a mapping with known keys.
type object struct {
	node   *yaml.Node
	at     *path
	keys   []wire.Key
	values [mostKeys]*yaml.Node // beside keys
}

// mostKeys is the most keys that a mapping of the format has.
const mostKeys = 8

// get returns the value of a key, nil if it is not there.
func (o *object) get(key string) *yaml.Node {
	for i := range o.keys {
		if o.keys[i].Name == key {
			return o.values[i]
		}
	}
	return nil
}

// object reads a mapping and reports unknown, duplicate and missing keys.
func (l *loader) object(n *yaml.Node, at *path, keys []wire.Key, o *object) bool {
	n = l.resolve(n)
	o.node, o.at, o.keys = n, at, keys
	if n.Kind != yaml.MappingNode {
		l.wrongType(n, at, "a mapping")
		return false
	}
	content := l.content(n, at, 0)
	var where [mostKeys]*yaml.Node
	for i := 0; i+1 < len(content) && !l.full; i += 2 {
		k := l.resolve(content[i])
		found := -1
		for j := range keys {
			if k.Kind == yaml.ScalarNode && keys[j].Name == k.Value {
				found = j
			}
		}
		switch {
		case found < 0:
			l.unknownKey(k, at, keys)
		case where[found] != nil:
			l.duplicateKey(k, at, where[found].Line)
		default:
			where[found], o.values[found] = k, content[i+1]
		}
	}
	for j := range keys {
		if keys[j].Required && where[j] == nil {
			l.errorAt(n, MissingKey, at, "got no %q, want it: %s", keys[j].Name, requiredHint(keys[j].Name))
		}
	}
	return true
}
