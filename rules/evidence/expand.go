package evidence

import (
	"cmp"
	"slices"
	"strings"

	"github.com/holdfast-mesh/holdfast/rules"
	"github.com/holdfast-mesh/holdfast/rules/evidence/vocabulary"
)

// expansion replaces $(VAR) in the texts of one container as the kubelet does:
// "$$" is a literal "$", an env value sees the variables above it, command and
// args see all of them, and what is not defined stays as it is. A value that
// comes from elsewhere (valueFrom) stays a reference, unless it may be a password or is
// the pod's own, as its IP is: those are empty here.
//
// Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
type expansion struct {
	env      []rules.EnvVar
	replaced []replacement // in the order of env; most values are as written
	budget   int
}

// replacement is a value that is not as it is written.
type replacement struct {
	index int
	text  string
}

// Bounds for one container: references nest, so that texts could grow without
// end. What goes beyond stays as it is written.
const (
	maxReferences = 256
	maxExpanded   = 64 << 10 // bytes of one text
)

func (x *expansion) begin(env []rules.EnvVar) {
	x.env, x.replaced, x.budget = env, x.replaced[:0], maxReferences
}

// replace reads the text of the next variable that may hold a reference. It is
// called in the order of env.
func (x *expansion) replace(i int) string {
	text := x.expand(x.env[i].Value, i)
	if text != x.env[i].Value {
		x.replaced = append(x.replaced, replacement{i, text})
	}
	return text
}

// hasReference looks for the rarer byte first: nearly no text has one.
func hasReference(text string) bool {
	return strings.IndexByte(text, '$') >= 0 && strings.Contains(text, "$(")
}

// value returns the text of a variable.
func (x *expansion) value(i int) string {
	at, found := slices.BinarySearchFunc(x.replaced, i, func(r replacement, i int) int { return cmp.Compare(r.index, i) })
	if found {
		return x.replaced[at].text
	}
	return x.env[i].Value
}

// expand replaces references to the first limit variables.
func (x *expansion) expand(text string, limit int) string {
	if !hasReference(text) {
		return text
	}
	var b strings.Builder
	rest := text
	for {
		i := strings.IndexByte(rest, '$')
		if i < 0 || i+1 == len(rest) {
			break
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		if rest[1] == '$' {
			b.WriteByte('$')
			rest = rest[2:]
			continue
		}
		length, value, ok := x.reference(rest, limit)
		if !ok {
			b.WriteByte('$')
			rest = rest[1:]
			continue
		}
		b.WriteString(value)
		if rest = rest[length:]; b.Len()+len(rest) > max(maxExpanded, len(text)) {
			return text
		}
	}
	b.WriteString(rest)
	return b.String()
}

// longestVariable bounds the search for the end of a reference.
const longestVariable = 256

// reference reads "$(VAR)" at the start of text.
func (x *expansion) reference(text string, limit int) (length int, value string, ok bool) {
	if text[1] != '(' || x.budget == 0 {
		return 0, "", false
	}
	name, _, ok := strings.Cut(text[len("$("):min(len(text), longestVariable)], ")")
	if !ok {
		return 0, "", false
	}
	x.budget--
	for i := limit - 1; i >= 0; i-- {
		if x.env[i].Name == name {
			if isElsewhere(&x.env[i]) {
				return 0, "", false // its host is not known, and that there is one
			}
			return len("$()") + len(name), x.value(i), true
		}
	}
	return 0, "", false
}

// isElsewhere reports whether a variable may be an address that cannot be read.
func isElsewhere(e *rules.EnvVar) bool {
	from := e.ValueFrom
	return from != nil && e.Value == "" && (from.SecretKeyRef.Name != "" || from.ConfigMapKeyRef.Name != "") &&
		!vocabulary.IsSecret(e.Name) && !vocabulary.MayHoldSecret(e.Name)
}
