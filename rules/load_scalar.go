package rules

import (
	"strconv"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// show quotes a text for a message, cut to a readable length.
func show(s string) string {
	const limit = 60
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit]) + "..."
	}
	return strconv.Quote(s)
}

// describe names what a node is, for "got ...".
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case nullTag:
		return "no value"
	case boolTag:
		return n.Value
	case strTag, timeTag:
		return show(n.Value)
	case intTag, "!!float":
		return "the number " + show(n.Value)
	}
	return show(n.Value) + " with tag " + show(n.ShortTag())
}

// wrongType reports a value of a type that cannot stand here.
func (l *loader) wrongType(n *yaml.Node, at *path, want string) {
	hint := ""
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == nullTag:
		hint = ": give it a value or remove the key"
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(want, "a list"):
		hint = ": write [" + quoteWhole(n.Value) + "]"
		if _, ok := number(n); ok {
			hint = ": write [" + n.Value + "]"
		}
	case isPlain(n) && (strings.HasPrefix(want, "text: a name") || strings.Contains(want, "label") || want == "text"):
		hint = ": write " + quoteWhole(n.Value)
	}
	l.errorAt(n, WrongType, at, "got %s, want %s%s", describe(n), want, hint)
}

// isPlain says whether n is a scalar that only lacks quotes to be text.
func isPlain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle == 0
}

// quoteWhole is show without the cut, for texts that are to be copied.
func quoteWhole(s string) string {
	if len(s) > 200 {
		return show(s)
	}
	return strconv.Quote(s)
}

// text reads a string. Numbers and booleans without quotes are not taken for
// one: YAML reads 010 and no in ways that their author does not expect.
func (l *loader) text(n *yaml.Node, at *path, want string) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		switch n.ShortTag() {
		case strTag:
			return n.Value, true
		case timeTag: // a plain date
			if n.Style&yaml.TaggedStyle == 0 {
				return n.Value, true
			}
		}
	}
	l.wrongType(n, at, want)
	return "", false
}

// boolean reads true or false.
func (l *loader) boolean(n *yaml.Node, at *path) bool {
	n = l.resolve(n)
	if n.Kind == yaml.ScalarNode {
		if n.ShortTag() == boolTag {
			switch n.Value {
			case "true", "True", "TRUE":
				return true
			case "false", "False", "FALSE":
				return false
			}
		}
		switch strings.ToLower(n.Value) {
		case "yes", "on", "y", "true", "1":
			l.errorAt(n, WrongType, at, "got %s, want true or false: write true", describe(n))
			return false
		case "no", "off", "n", "false", "0":
			l.errorAt(n, WrongType, at, "got %s, want true or false: write false", describe(n))
			return false
		}
	}
	l.wrongType(n, at, "true or false")
	return false
}

// number reads a decimal integer without sign or leading zero. ok is false,
// without a report, for everything else.
func number(n *yaml.Node) (value int, ok bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != intTag {
		return 0, false
	}
	return decimal(n.Value)
}

func decimal(s string) (int, bool) {
	if s == "" || len(s) > 9 || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	v := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		v = v*10 + int(s[i]-'0')
	}
	return v, true
}

// list returns the items of a sequence.
func (l *loader) list(n *yaml.Node, at *path, want string) []*yaml.Node {
	n = l.resolve(n)
	if n.Kind != yaml.SequenceNode {
		l.wrongType(n, at, want)
		return nil
	}
	return n.Content
}

// choice reads one of a few words.
func (l *loader) choice(n *yaml.Node, at *path, words ...string) string {
	n = l.resolve(n)
	s, ok := l.text(n, at, "text: "+orList(words))
	if !ok {
		return ""
	}
	for _, w := range words {
		if s == w {
			return w
		}
	}
	hint := ""
	if near := nearest(s, words); near != "" {
		hint = ": write " + near
		if strings.EqualFold(s, near) {
			hint += " (case matters)"
		}
	}
	l.errorAt(n, UnknownChoice, at, "got %s, want %s%s", show(s), orList(words), hint)
	return ""
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

// orList joins words for a sentence: "A, B or C".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
